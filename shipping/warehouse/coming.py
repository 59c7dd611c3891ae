"""Parcels from a supplier: expected from the day a purchase is written down, announced when the supplier has sent them, ended
when their goods are received."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max, QuerySet

from orders.lifecycle import advance_status, lock_order
from orders.models import Order, Purchase
from orders.purchasing import CLOSED
from orders.status import OrderKind, OrderStatus
from shipping.carriers.base import Reading, normal_number
from shipping.models import Promise, Shipment
from shipping.models.shipment import OPEN
from shipping.promise.days import after
from shipping.promise.estimate import ABROAD, SERVICE_TABLE, Estimate
from shipping.promise.keep import promise
from shipping.status import Direction, Stage, TrackingStatus
from shipping.tracking.record import record
from shipping.warehouse.leaving import leave

SAID = "the supplier’s day"


class NotComing(ValueError):
    """It cannot be written down; the words say why."""


def expect(order: Order, *, now: datetime) -> Shipment:
    """The parcel every purchase starts with, promised for the expected day."""
    return _parcel(order, Purchase.objects.select_related("supplier").get(order=order), 1, now)


def expect_anew(order: Order, day: date, *, now: datetime) -> None:
    """The supplier has named another day. The caller has locked the order."""
    for parcel in _open(order):
        promise(parcel, Estimate(day, day, Promise.Source.MERCHANT, SAID), order=order, now=now)


@transaction.atomic
def sent(
    order_id: int, *, carrier: str, number: str, at: datetime, actor: str, now: datetime
) -> tuple[Shipment, bool]:
    """The supplier says that a parcel has left at `at`: the first one expected without a number, or one more. The same number
    again is the same parcel; the second value says whether it is new. Raises NotComing."""
    order = lock_order(order_id)
    number, carrier = normal_number(number), carrier.strip()[:40]
    if order.kind != OrderKind.PURCHASE or order.status in CLOSED:
        raise NotComing(f"{order.number} is closed; nothing more comes for it.")
    if not number or len(number) > 60:
        raise NotComing("Write the tracking number; with it the parcel can be followed.")
    if at > now + timedelta(minutes=5):
        raise NotComing("It cannot have been sent in the future.")
    if known := order.shipments.filter(direction=Direction.INBOUND, tracking_number=number).first():
        return known, False
    parcel = _open(order).filter(tracking_number="", handed_over_at__isnull=True).order_by("position").first()
    if parcel is None:
        purchase = Purchase.objects.select_related("supplier").get(order=order)
        last = order.shipments.aggregate(last=Max("position"))["last"] or 0
        parcel = _parcel(order, purchase, last + 1, now)
        Purchase.objects.filter(pk=purchase.pk).update(arrived_at=None)
    parcel.carrier, parcel.tracking_number = carrier, number
    parcel.stage, parcel.handed_over_at = Stage.HANDED_OVER, at
    parcel.save(update_fields=["carrier", "tracking_number", "stage", "handed_over_at"])
    advance_status(order, OrderStatus.SHIPPED, actor=actor, now=now, occurred_at=at)
    _tell(parcel, order, TrackingStatus.PRE_TRANSIT, "supplier-sent", "Sent by the supplier", actor, at, now)
    return parcel, True


@transaction.atomic
def dropped(shipment_id: int, *, carrier: str, number: str, at: datetime, actor: str, now: datetime) -> bool:
    """A supplier has sent a parcel straight to the customer at `at`: it is handed over like any other. False when it was
    told already. Raises NotComing."""
    order = lock_order(Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id))
    parcel = Shipment.objects.select_for_update().get(pk=shipment_id)
    number, carrier = normal_number(number), carrier.strip()[:40]
    if parcel.supplier_id is None:
        raise NotComing("The shop sends this parcel itself: pack it and hand it over.")
    if parcel.stage == Stage.VOID or order.status == OrderStatus.CANCELLED:
        raise NotComing("This parcel is called off.")
    if not number or len(number) > 60:
        raise NotComing("Write the tracking number; with it the parcel can be followed.")
    if at > now + timedelta(minutes=5):
        raise NotComing("It cannot have been sent in the future.")
    if parcel.stage == Stage.HANDED_OVER:
        if parcel.tracking_number == number:
            return False
        raise NotComing(f"It was sent as {parcel.tracking_number}; correct that number on the parcel’s page.")
    parcel.carrier, parcel.tracking_number = carrier, number
    parcel.save(update_fields=["carrier", "tracking_number"])
    if order.status == OrderStatus.PENDING:
        advance_status(order, OrderStatus.PROCESSING, actor=actor, now=now, occurred_at=at)
    leave(parcel, order, actor=actor, at=at, now=now)
    return True


def supplier_told(shipment_id: int, *, now: datetime) -> None:
    Shipment.objects.filter(pk=shipment_id, supplier__isnull=False).update(supplier_told_at=now)


def received(order: Order, *, actor: str, at: datetime, now: datetime) -> None:
    """All of a purchase has been counted (or given up): what has not been scanned by a carrier has come all the same."""
    for parcel in _open(order):
        _tell(parcel, order, TrackingStatus.DELIVERED, "received", "Received and counted", actor, at, now)


def called_off(order: Order) -> None:
    _open(order).update(stage=Stage.VOID)


def _open(order: Order) -> QuerySet[Shipment]:
    return Shipment.objects.filter(OPEN, order=order, direction=Direction.INBOUND)


def _parcel(order: Order, purchase: Purchase, position: int, now: datetime) -> Shipment:
    day = purchase.expected_on
    parcel = Shipment.objects.create(
        merchant=order.merchant,
        order=order,
        position=position,
        direction=Direction.INBOUND,
        ship_by=_to_leave_by(order, purchase, now),
        promised_from=day,
        promised_to=day,
        first_promised_to=day,
        recipient_zone=order.merchant.zone,
        created_at=now,
    )
    Promise.objects.create(
        shipment=parcel, from_day=day, to_day=day, source=Promise.Source.MERCHANT, reason=SAID, made_at=now
    )
    return parcel


def _to_leave_by(order: Order, purchase: Purchase, now: datetime) -> datetime:
    """The end of the last day on which a parcel would still come in time by the service table; never in the past."""
    origin, zone = purchase.supplier.country, order.merchant.tz
    here = order.ship_to.country
    days = SERVICE_TABLE["standard"][1] + (ABROAD[1] if origin and origin != here else 0)
    day, today = purchase.expected_on, now.astimezone(zone).date()
    leaves = day
    while leaves > today and after(leaves, days, carrier="", origin=origin or here, destination=here) > day:
        leaves -= timedelta(days=1)
    return datetime.combine(max(leaves, today) + timedelta(days=1), time(0), tzinfo=zone)


def _tell(
    parcel: Shipment,
    order: Order,
    status: str,
    code: str,
    message: str,
    actor: str,
    at: datetime,
    now: datetime,
) -> None:
    reading = Reading(
        status=status,
        occurred_at=at,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        shipment_id=parcel.pk,
        source="staff",
        code=code,
        message=message,
        zone=order.merchant.zone,
        payload={"by": actor},
    )
    record([reading], merchant=order.merchant, now=now, actor=actor)
