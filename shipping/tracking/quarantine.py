"""Readings that fit no parcel: kept, counted, driven again; they change nothing meanwhile."""

from datetime import datetime

from django.db.models import QuerySet

from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.models import QuarantinedReading
from shipping.tracking.match import match


def keep(reading: Reading, *, merchant: Merchant, now: datetime) -> int:
    """Store a reading that no parcel claims; 1, also when it lies here already."""
    QuarantinedReading.objects.get_or_create(
        merchant=merchant,
        fingerprint=reading.fingerprint,
        defaults={
            "carrier": reading.carrier,
            "tracking_number": reading.tracking_number,
            "reason": "No parcel of yours has this tracking number.",
            "reading": reading.to_json(),
            "received_at": now,
        },
    )
    return 1


def redrive(rows: QuerySet[QuarantinedReading], *, now: datetime, actor: str = "") -> int:
    """Try the readings again; those that find a parcel now are recorded and leave. Returns how many left."""
    from shipping.tracking.record import record  # record keeps readings here: the two call each other

    left = 0
    for row in (
        rows.filter(resolved_at__isnull=True)
        .select_related("merchant")
        .order_by("pk")
        .iterator(chunk_size=200)
    ):
        reading = Reading.from_json(row.reading)
        ((_, shipment),) = match([reading], row.merchant)
        if shipment is None:
            continue
        record([reading], merchant=row.merchant, now=now, actor=actor)
        row.resolved_at, row.shipment = now, shipment
        row.save(update_fields=["resolved_at", "shipment"])
        left += 1
    return left
