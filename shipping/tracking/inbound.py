"""Verified webhook bodies: stored at the door, applied by a worker, swept when a worker died."""

import json
import logging
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, Q

from shipping.carriers.base import CarrierError, Reading
from shipping.carriers.registry import adapter
from shipping.models import CarrierAccount, InboundWebhook
from shipping.tracking.record import record

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=20)  # a batch takes a second or two; applied twice it would do no harm
MAX_ATTEMPTS = 8
ON_ITS_WAY = "webhooks-drain-on-its-way"
MOMENT = 0.2  # seconds
BATCH = 200  # bodies that are applied in one transaction


def store(account: CarrierAccount, event_id: str, body: bytes, *, now: datetime) -> int | None:
    """Keep a verified body and return its row's id. A repeat of the same event id: None, and nothing is stored. One statement."""
    table, moment = InboundWebhook._meta.db_table, connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (merchant_id, provider, event_id, body, state, attempts, error, received_at)"  # noqa: S608
            " VALUES (%s, %s, %s, %s, 'received', 0, '', %s) ON CONFLICT DO NOTHING RETURNING id",
            [
                account.merchant_id,
                account.provider,
                event_id,
                _text(body),
                moment,
            ],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _text(body: bytes) -> str:
    """As the parser read it: JSON may come in UTF-16, and a database takes neither half surrogates nor NUL."""
    told = body.decode(json.detect_encoding(body), "surrogatepass")
    return told.encode("utf-8", "replace").decode().replace("\x00", "")


def drain(*, now: datetime, limit: int = BATCH) -> int:
    """Apply stored bodies, the oldest first: one `record` a shop and provider for all that they say. Where that fails each body is tried by
    itself, so that one cannot hold up the others. Two workers never have the same one. Returns how many were taken."""
    rows = _claim(now, limit)
    groups: dict[tuple[int, str], list[InboundWebhook]] = defaultdict(list)
    for row in rows:
        groups[row.merchant_id, row.provider].append(row)
    for group in groups.values():
        try:
            _apply_together(group, now)
        except Exception:
            for row in group:
                _apply_alone(row, now)
    return len(rows)


def apply(webhook_id: int, *, now: datetime) -> bool:
    """Record what one stored body says. False when it is done already, another worker has it, or it cannot be."""
    rows = _claim(now, 1, pk=webhook_id)
    return bool(rows) and _apply_alone(rows[0], now)


def _claim(now: datetime, limit: int, **these: int) -> list[InboundWebhook]:
    unclaimed = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE)
    waiting = InboundWebhook.objects.filter(unclaimed, state=InboundWebhook.State.RECEIVED, **these)
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            waiting = waiting.select_for_update(skip_locked=True, of=("self",))
        rows = list(waiting.select_related("merchant").order_by("received_at", "pk")[:limit])
        claimed = InboundWebhook.objects.filter(pk__in=[row.pk for row in rows])
        claimed.update(claimed_at=now, attempts=F("attempts") + 1)
    for row in rows:
        row.attempts += 1
    return rows


@transaction.atomic
def _apply_together(rows: list[InboundWebhook], now: datetime) -> None:
    """Bodies of one shop and one provider."""
    readings = [reading for row in rows for reading in _readings(row)]
    record(readings, merchant=rows[0].merchant, now=now, actor=rows[0].provider)
    done = InboundWebhook.objects.filter(pk__in=[row.pk for row in rows])
    done.update(state=InboundWebhook.State.APPLIED, applied_at=now, error="")


def _apply_alone(row: InboundWebhook, now: datetime) -> bool:
    try:
        _apply_together([row], now)
    except Exception as error:
        log.exception("webhook %s could not be applied", row.pk)
        final = (isinstance(error, CarrierError) and error.permanent) or row.attempts >= MAX_ATTEMPTS
        InboundWebhook.objects.filter(pk=row.pk).update(
            state=InboundWebhook.State.FAILED if final else InboundWebhook.State.RECEIVED,
            error=f"{type(error).__name__}: {error}"[:300],
        )
        return False
    return True


def _readings(row: InboundWebhook) -> list[Reading]:
    carrier = adapter(row.provider)
    if carrier is None:
        raise CarrierError(f"The provider {row.provider} is not known any more.", permanent=True)
    return list(carrier.parse(row.body.encode()).readings)


def anything_waits(*, now: datetime) -> bool:
    unclaimed = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE)
    return InboundWebhook.objects.filter(unclaimed, state=InboundWebhook.State.RECEIVED).exists()
