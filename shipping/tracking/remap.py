"""A code mapped by hand: its history read again, parcel by parcel, each as if the word had been known all along."""

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Q

from orders.lifecycle import lock_order
from shipping.models import CodeMapping, Shipment, TrackingEvent, UnknownEvent
from shipping.tracking import record, stale
from shipping.tracking.codes import OWN_VERSIONS
from shipping.tracking.reduce import Event, reduce

LEASE = timedelta(minutes=2)
PIECE = 100


@transaction.atomic
def map_code(mapping: CodeMapping, status: str, *, user: Any, now: datetime) -> None:
    """Say what a code means. The caller enqueues the re-reading."""
    rows = CodeMapping.objects.for_merchant(mapping.merchant).select_for_update()
    mine = list(rows.filter(provider=mapping.provider).values_list("version", flat=True))
    mapping.status, mapping.version = status, max(mine) + 1
    mapping.mapped_by, mapping.mapped_at = user, now
    mapping.reread_at = mapping.claimed_at = None
    mapping.save(update_fields=["status", "version", "mapped_by", "mapped_at", "reread_at", "claimed_at"])


def left(mapping: CodeMapping) -> int:
    """How many events still wait to be read with it."""
    return _unread(mapping).count() if mapping.status else 0


def reread(mapping_id: int, *, now: datetime) -> bool:
    """Read one piece of the history again. True when there is more; False when done, or another worker is at it."""
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE)
    waiting = CodeMapping.objects.filter(free, pk=mapping_id, mapped_at__isnull=False, reread_at__isnull=True)
    if not waiting.update(claimed_at=now):
        return False
    mapping = CodeMapping.objects.select_related("merchant", "mapped_by").get(pk=mapping_id)
    piece = _unread(mapping).order_by("event__shipment_id", "pk").values_list("event__shipment_id", "pk")
    for shipment_id, rows in groupby(piece[:PIECE], key=lambda row: row[0]):
        _reread_parcel(mapping, shipment_id, [pk for _, pk in rows], now=now)
    same = CodeMapping.objects.filter(pk=mapping_id, version=mapping.version)
    more = _unread(mapping).exists()
    same.update(claimed_at=None, **({} if more else {"reread_at": now}))
    return more


def _unread(mapping: CodeMapping) -> Any:
    return UnknownEvent.objects.filter(mapping=mapping).exclude(
        event__mapping_version=OWN_VERSIONS + mapping.version
    )


@transaction.atomic
def _reread_parcel(mapping: CodeMapping, shipment_id: int, event_ids: list[int], *, now: datetime) -> None:
    order = lock_order(Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id))
    shipment = Shipment.objects.get(pk=shipment_id)
    TrackingEvent.objects.filter(pk__in=event_ids, shipment=shipment).update(
        status=mapping.status, mapping_version=OWN_VERSIONS + mapping.version
    )
    events = shipment.events.values_list("status", "occurred_at", "fingerprint")
    before, state = shipment.tracking_status, reduce(Event(*row) for row in events)
    ended = stale.ended_on(shipment, shipment.merchant)
    record.apply_state(shipment, state)
    stale.mark(shipment.merchant, [ended, stale.ended_on(shipment, shipment.merchant)])
    shipment.save(update_fields=record.STATE)
    shipment.order = order
    actor = str(mapping.mapped_by) if mapping.mapped_by else mapping.provider
    record.announce([(shipment, before, state)], now=now, actor=actor)


def waiting(*, now: datetime, limit: int = 100) -> list[int]:
    """Mappings whose history is not read again yet, and whose worker is gone."""
    rows = CodeMapping.objects.filter(
        Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE),
        mapped_at__isnull=False,
        mapped_at__lt=now - timedelta(seconds=20),
        reread_at__isnull=True,
    )
    return list(rows.order_by("mapped_at").values_list("pk", flat=True)[:limit])
