"""Marks the days whose figures are to be made again. One statement, and only for parcels that have ended."""

from collections.abc import Iterable
from datetime import date, datetime

from orders.models import Merchant
from shipping.models import Shipment, StaleDay
from shipping.status import Direction, TrackingStatus


def ended_on(shipment: Shipment, merchant: Merchant) -> date | None:
    """The day of its end by the shop's clock: of the delivery, or of the return. None while it goes on."""
    if shipment.direction != Direction.OUTBOUND:
        return None
    moment: datetime | None = None
    if shipment.tracking_status == TrackingStatus.RETURNED:
        moment = shipment.status_at
    elif shipment.delivered_at:
        moment = shipment.delivered_at
    return moment.astimezone(merchant.tz).date() if moment else None


def mark(merchant: Merchant, days: Iterable[date | None]) -> None:
    rows = [StaleDay(merchant=merchant, day=day) for day in sorted({day for day in days if day})]
    if rows:
        StaleDay.objects.bulk_create(rows, ignore_conflicts=True)
