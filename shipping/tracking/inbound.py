"""Verified webhook bodies: stored at the door, applied by a worker, swept when a worker died."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from shipping.carriers.base import CarrierError
from shipping.carriers.registry import adapter
from shipping.models import CarrierAccount, InboundWebhook
from shipping.tracking.record import record

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
MAX_ATTEMPTS = 8


def store(account: CarrierAccount, event_id: str, body: bytes, *, now: datetime) -> InboundWebhook | None:
    """Keep a verified body. A repeat of the same event id: None, and nothing is stored."""
    try:
        with transaction.atomic():
            return InboundWebhook.objects.create(
                merchant_id=account.merchant_id,
                provider=account.provider,
                event_id=event_id,
                body=body.decode("utf-8", "replace").replace("\x00", ""),
                received_at=now,
            )
    except IntegrityError:
        return None


def apply(webhook_id: int, *, now: datetime) -> bool:
    """Record what a stored body says. False when it is done already or another worker has it."""
    unclaimed = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE)
    claimed = InboundWebhook.objects.filter(
        unclaimed, pk=webhook_id, state=InboundWebhook.State.RECEIVED
    ).update(claimed_at=now, attempts=F("attempts") + 1)
    if not claimed:
        return False
    row = InboundWebhook.objects.select_related("merchant").get(pk=webhook_id)
    carrier = adapter(row.provider)
    try:
        if carrier is None:
            raise CarrierError(f"The provider {row.provider} is not known any more.", permanent=True)
        with transaction.atomic():
            record(
                carrier.parse(row.body.encode()).readings, merchant=row.merchant, now=now, actor=row.provider
            )
            row.state, row.applied_at, row.error = InboundWebhook.State.APPLIED, now, ""
            row.save(update_fields=["state", "applied_at", "error"])
    except Exception as error:
        log.exception("webhook %s could not be applied", webhook_id)
        final = (isinstance(error, CarrierError) and error.permanent) or row.attempts >= MAX_ATTEMPTS
        InboundWebhook.objects.filter(pk=webhook_id).update(
            state=InboundWebhook.State.FAILED if final else InboundWebhook.State.RECEIVED,
            error=f"{type(error).__name__}: {error}"[:300],
        )
        return False
    return True


def waiting(*, now: datetime, limit: int = 500) -> list[int]:
    """Ids that lie here longer than a worker needs."""
    rows = InboundWebhook.objects.filter(
        Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - LEASE),
        state=InboundWebhook.State.RECEIVED,
        received_at__lt=now - timedelta(seconds=20),
    )
    return list(rows.order_by("received_at").values_list("pk", flat=True)[:limit])
