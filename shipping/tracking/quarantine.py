"""Readings that fit no parcel: kept, counted, driven again; they change nothing meanwhile."""

import logging
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from orders.lifecycle import lock_order
from orders.models import Merchant
from shipping.carriers.base import Reading, normal_number
from shipping.models import QuarantinedReading, Shipment
from shipping.tracking.match import UNKNOWN, match

log = logging.getLogger(__name__)
MOST_BY_HAND = 1000


def keep(reading: Reading, why: str, *, merchant: Merchant, now: datetime) -> int:
    """Store a reading that no parcel claims; 1, also when it lies here already."""
    QuarantinedReading.objects.get_or_create(
        merchant=merchant,
        fingerprint=reading.fingerprint,
        defaults={
            "carrier": reading.carrier,
            "tracking_number": normal_number(reading.tracking_number),
            "reason": why,
            "reading": reading.to_json(),
            "received_at": now,
        },
    )
    return 1


def redrive(rows: QuerySet[QuarantinedReading], *, now: datetime, actor: str = "") -> int:
    """Try the readings again; those that find a parcel now are recorded and leave. Returns how many left."""
    left = 0
    for row in (
        rows.filter(resolved_at__isnull=True)
        .select_related("merchant")
        .order_by("pk")
        .iterator(chunk_size=200)
    ):
        try:
            left += _tried(row, now, actor)
        except Exception:
            log.exception("quarantined reading %s could not be driven again", row.pk)  # the others still can
    return left


def _tried(row: QuarantinedReading, now: datetime, actor: str) -> bool:
    from shipping.tracking.record import record  # record keeps readings here: the two call each other

    reading = Reading.from_json(row.reading)
    ((_, shipment, why),) = match([reading], row.merchant)
    if shipment is None:
        if why != row.reason:
            QuarantinedReading.objects.filter(pk=row.pk).update(reason=why)
        return False
    with transaction.atomic():
        record([reading], merchant=row.merchant, now=now, actor=actor)
        _resolve(row, shipment, now)
    return True


def found_since(*, limit: int = 500) -> list[tuple[int, str]]:
    """(merchant, tracking number) of readings that came before their parcel did, and whose parcel nobody has looked for since."""
    parcel = Shipment.objects.filter(
        merchant=OuterRef("merchant"), tracking_number=OuterRef("tracking_number")
    )
    waiting = QuarantinedReading.objects.filter(resolved_at__isnull=True, reason=UNKNOWN).exclude(
        tracking_number=""
    )
    rows = waiting.filter(Exists(parcel)).order_by().values_list("merchant_id", "tracking_number").distinct()
    return list(rows[:limit])


def match_by_hand(
    row: QuarantinedReading, shipment: Shipment, *, with_others: bool, now: datetime, actor: str
) -> int:
    """Record the reading for this parcel because a person says so, and every other waiting one of the same
    number and carrier where asked. Returns how many left."""
    from shipping.tracking.record import record

    rows = QuarantinedReading.objects.for_merchant(row.merchant).filter(resolved_at__isnull=True)
    these = (
        {"tracking_number": row.tracking_number, "carrier": row.carrier} if with_others else {"pk": row.pk}
    )
    rows = rows.filter(**these)
    with transaction.atomic():
        lock_order(shipment.order_id)
        waiting = list(rows.order_by("pk").select_for_update()[:MOST_BY_HAND])
        readings = [replace(Reading.from_json(one.reading), shipment_id=shipment.pk) for one in waiting]
        record(readings, merchant=row.merchant, now=now, actor=actor)
        for one in waiting:
            _resolve(one, shipment, now)
    return len(waiting)


def _resolve(row: QuarantinedReading, shipment: Shipment, now: datetime) -> None:
    row.resolved_at, row.shipment = now, shipment
    row.save(update_fields=["resolved_at", "shipment"])
