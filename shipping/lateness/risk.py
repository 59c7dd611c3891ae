"""How likely a parcel is to come after the day that was first promised, by what the shop's past parcels teach."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from shipping.lateness.facts import deadline
from shipping.models import Shipment
from shipping.models.shipment import OPEN
from shipping.promise.lanes import day_of
from shipping.promise.learned import curve_for
from shipping.promise.revise import parcel_of
from shipping.status import Direction

AGAIN = timedelta(hours=6)
MOST = 4_000  # parcels in one run, which is about ten seconds


def assess(*, now: datetime, limit: int = MOST) -> int:
    """Ask again of parcels that are under way, those that were never asked first. Returns how many were asked.

    What is asked is the chance to come after the promise given that the parcel has not come yet."""
    waiting = Shipment.objects.filter(
        OPEN, direction=Direction.OUTBOUND, supplier__isnull=True, handed_over_at__isnull=False
    )
    never = waiting.filter(risk_at__isnull=True)
    stale = waiting.filter(risk_at__lt=now - AGAIN).order_by("risk_at")
    rows = [*_loaded(never, limit)]
    rows += _loaded(stale, limit - len(rows)) if len(rows) < limit else []
    for row in rows:
        row.risk, row.risk_at = _risk(row, now), now
    Shipment.objects.bulk_update(rows, ["risk", "risk_at"], batch_size=500)
    return len(rows)


def _loaded(rows: QuerySet[Shipment], limit: int) -> list[Shipment]:
    return list(rows.select_related("merchant", "order__ship_to")[:limit])


def _risk(row: Shipment, now: datetime) -> float | None:
    day, left = row.first_promised_to or row.promised_to, row.handed_over_at
    if day is None or left is None:
        return None
    known = curve_for(row.merchant_id, parcel_of(row, left))
    if known is None:
        return None
    curve, _levels = known
    began = day_of(left)
    lead, age = day_of(deadline(day, row.recipient_zone)) - began, day_of(now) - began
    return round(curve.chance(lead, age), 3) if age < lead else 1.0


def at_hand_over(row: Shipment) -> float | None:
    """The chance when it left, by what is known today."""
    return _risk(row, row.handed_over_at) if row.handed_over_at else None
