"""The same pieces once more: a new parcel of the same order in place of one that will not arrive."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from orders import stock
from orders.handling import ship_by
from orders.lifecycle import lock_order
from orders.models import OrderLine
from orders.status import OrderStatus
from shipping.models import Promise, Shipment, ShipmentLine
from shipping.promise.revise import estimate_of
from shipping.status import Direction, Stage


class NoReship(ValueError):
    """It cannot be sent again; the words say why."""


@transaction.atomic
def reship(shipment_id: int, *, now: datetime) -> tuple[Shipment, int]:
    """The new parcel, to be packed, and how many pieces are not in stock for it. Its lines are new lines of the order, free of
    charge, so that stock, papers and the customer's page treat them as any other. Raises NoReship."""
    order = lock_order(Shipment.objects.values_list("order_id", flat=True).get(pk=shipment_id))
    old = Shipment.objects.select_related("merchant").get(pk=shipment_id)
    old.order = order
    if order.status == OrderStatus.CANCELLED:
        raise NoReship("The order is cancelled.")
    if old.direction != Direction.OUTBOUND:
        raise NoReship("Only a parcel on its way to a customer can be sent again.")
    if old.stage != Stage.HANDED_OVER and old.first_scan_at is None:
        raise NoReship("This parcel has not left yet: pack it and hand it over.")
    if old.replacements.exclude(stage=Stage.VOID).exists():
        raise NoReship("It was sent again already.")
    rows = list(old.lines.select_related("order_line__product"))
    if not rows:
        raise NoReship("Nothing is known to be in this parcel.")
    lines, missing = _lines(order.pk, rows)
    new = Shipment.objects.create(
        merchant=old.merchant,
        order=order,
        position=order.shipments.filter(direction=old.direction).aggregate(last=Max("position"))["last"] + 1,
        direction=old.direction,
        replaces=old,
        service=old.service,
        supplier_id=old.supplier_id,
        weight_g=old.weight_g,
        ship_by=ship_by(old.merchant, now),
        recipient_zone=old.recipient_zone,
        created_at=now,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=new, order_line=line, quantity=line.quantity) for line in lines
    )
    _promise(new, now)
    return new, missing


def _lines(order_id: int, rows: list[ShipmentLine]) -> tuple[list[OrderLine], int]:
    last = OrderLine.objects.filter(order=order_id).aggregate(last=Max("position"))["last"]
    lines = [
        OrderLine(
            order_id=order_id,
            position=last + place,
            product=row.order_line.product,
            sku=row.order_line.sku,
            name=row.order_line.name,
            quantity=row.quantity,
            unit_price=0,
            supplier_id=row.order_line.supplier_id,
        )
        for place, row in enumerate(rows, 1)
    ]
    products = {line.product_id: line.product for line in lines}
    locked = stock.lock_products(pk for pk, product in products.items() if product.track_stock)
    missing = stock.reserve(lines, products | locked)
    return OrderLine.objects.bulk_create(lines), missing


def _promise(new: Shipment, now: datetime) -> None:
    said = estimate_of(new, leaves_at=max(new.ship_by, now))
    new.promised_from, new.promised_to, new.first_promised_to = said.from_day, said.to_day, said.to_day
    new.save(update_fields=["promised_from", "promised_to", "first_promised_to"])
    reason = f"Sent again in place of parcel {new.replaces.position}; {said.reason}" if new.replaces else ""
    Promise.objects.create(
        shipment=new,
        from_day=said.from_day,
        to_day=said.to_day,
        source=said.source,
        reason=reason[:200],
        made_at=now,
    )
