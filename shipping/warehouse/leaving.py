"""A packed parcel leaves the building, or did not after all: its stage, the stock, the ledger and its tracking, all or
nothing.

The caller has locked the order, then the parcel.
"""

from datetime import datetime

from orders import stock
from orders.ledger import record_event
from orders.models import Order, OrderEvent
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.status import Stage, TrackingStatus
from shipping.tracking.record import record


def leave(shipment: Shipment, order: Order, *, actor: str, at: datetime, now: datetime) -> None:
    """`at` is when it was handed over, `now` when we learned of it."""
    shipment.stage, shipment.handed_over_at = Stage.HANDED_OVER, at
    shipment.save(update_fields=["stage", "handed_over_at"])
    stock.consume(
        [(line.order_line, line.quantity) for line in shipment.lines.select_related("order_line")],
        reference=shipment.code,
        actor=actor,
        now=at,
    )
    record_event(
        order,
        OrderEvent.Kind.HANDED_OVER,
        subject=shipment.subject,
        key=f"handed_over:{shipment.pk}:{at.timestamp():.0f}",  # it may leave again after a correction
        actor=actor,
        occurred_at=at,
        now=now,
    )
    _tell_tracking(shipment, order, actor, at, now)


def come_back(shipment: Shipment, order: Order, *, actor: str, now: datetime) -> None:
    """It did not leave after all: packed again, its pieces on the shelf again. What tracking was told stays told:
    announced is what the parcel still is."""
    shipment.stage, shipment.handed_over_at = Stage.PACKED, None
    shipment.save(update_fields=["stage", "handed_over_at"])
    lines = [(line.order_line, line.quantity) for line in shipment.lines.select_related("order_line")]
    stock.put_back(lines, reference=shipment.code, actor=actor, now=now)
    record_event(
        order,
        OrderEvent.Kind.HANDED_OVER,
        old=Stage.HANDED_OVER,
        new=Stage.PACKED,
        subject=shipment.subject,
        actor=actor,
        occurred_at=now,
        now=now,
    )


def _tell_tracking(shipment: Shipment, order: Order, actor: str, at: datetime, now: datetime) -> None:
    """Our hand-over is not the carrier's scan: until that comes the parcel is announced, not on its way."""
    reading = Reading(
        status=TrackingStatus.PRE_TRANSIT,
        occurred_at=at,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        shipment_id=shipment.pk,
        source="warehouse",
        code="handed-over",
        message="Handed over to the carrier",
        zone=order.merchant.zone,
        payload={"by": actor},
    )
    record([reading], merchant=order.merchant, now=now, actor=actor)
