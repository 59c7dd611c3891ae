"""The one way a promise changes once a parcel exists: the parcel's days, a row of the history, a fact in the ledger."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orders.ledger import record_event
from orders.models import Order, OrderEvent
from shipping.models import Promise, Shipment, TrackingEvent
from shipping.promise.estimate import Estimate
from shipping.status import TrackingStatus

AT_RECIPIENT = (TrackingStatus.ATTEMPT_FAILED, TrackingStatus.AVAILABLE_FOR_PICKUP)


def promise(
    shipment: Shipment, said: Estimate, *, order: Order, now: datetime, occurred_at: datetime | None = None
) -> bool:
    """Put a new promise in force; a promised day that has passed meanwhile stays on record as missed, unless somebody
    tried to deliver by then. The caller has locked the order. False when nothing changes."""
    if (shipment.promised_from, shipment.promised_to) == (said.from_day, said.to_day):
        return False
    old = shipment.promised_to
    passed = old and shipment.missed_on is None and not shipment.delivered_at and old < today(shipment, now)
    if old and passed and not _tried_by(old, shipment):
        shipment.missed_on = old
    shipment.promised_from, shipment.promised_to = said.from_day, said.to_day
    shipment.first_promised_to = shipment.first_promised_to or old or said.to_day
    shipment.save(update_fields=["promised_from", "promised_to", "missed_on", "first_promised_to"])
    Promise.objects.create(
        shipment=shipment, from_day=said.from_day, to_day=said.to_day, source=said.source, reason=said.reason[:200],
        made_at=now,
    )  # fmt: skip
    record_event(
        order,
        OrderEvent.Kind.PROMISE,
        old=old.isoformat() if old else "",
        new=said.to_day.isoformat(),
        subject=shipment.subject,
        occurred_at=occurred_at or now,
        now=now,
    )
    return True


def today(shipment: Shipment, now: datetime) -> date:
    """The day it is where the recipient is."""
    return now.astimezone(ZoneInfo(shipment.recipient_zone)).date()


def _tried_by(day: date, shipment: Shipment) -> bool:
    """Whether it was at the recipient's, or at a pick-up point, by the end of that day."""
    end = datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(shipment.recipient_zone))
    tried = TrackingEvent.objects.filter(shipment=shipment, status__in=AT_RECIPIENT, occurred_at__lt=end)
    return tried.exists()
