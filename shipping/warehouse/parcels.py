"""How an order becomes parcels, and one parcel several."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F, Max

from orders.models import Order, OrderLine, Supplier
from shipping.models import Promise, Shipment, ShipmentLine
from shipping.promise.estimate import Estimate, Parcel, first_estimate, learned_estimate
from shipping.promise.lanes import day_of, origin_of, region_of
from shipping.promise.learned import curve_for
from shipping.promise.zones import zone_of
from shipping.status import Direction, Stage


def first_parcels(order: Order, *, now: datetime) -> list[Shipment]:
    """The parcels every order starts with: one of the shop's own with all that it sends itself, and one of each supplier
    that sends lines of it; each with its deadline and its first promise."""
    lines = defaultdict(list)
    for line in order.lines.select_related("product", "supplier"):
        lines[line.supplier].append(line)
    senders = sorted(lines, key=lambda supplier: supplier.pk if supplier else 0)
    return [
        _first_parcel(order, supplier, lines[supplier], position, now)
        for position, supplier in enumerate(senders or [None], 1)
    ]


def _first_parcel(
    order: Order, supplier: Supplier | None, lines: list[OrderLine], position: int, now: datetime
) -> Shipment:
    address = order.ship_to
    estimate = _first_promise(order, supplier)
    shipment = Shipment.objects.create(
        merchant=order.merchant,
        order=order,
        position=position,
        supplier=supplier,
        service=order.service,
        ship_by=order.ship_by,
        promised_from=estimate.from_day,
        promised_to=estimate.to_day,
        first_promised_to=estimate.to_day,
        recipient_zone=zone_of(address.country, address.region),
        weight_g=sum(line.product.weight_g * line.quantity for line in lines),
        created_at=now,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line=line, quantity=line.quantity) for line in lines
    )
    Promise.objects.create(
        shipment=shipment,
        from_day=estimate.from_day,
        to_day=estimate.to_day,
        source=estimate.source,
        reason=estimate.reason,
        made_at=now,
    )
    return shipment


def _first_promise(order: Order, supplier: Supplier | None) -> Estimate:
    """The shop's own word, else what its past parcels teach of one that leaves by its deadline, else the table. What a
    supplier sends leaves from elsewhere, of which the shop's own parcels teach nothing."""
    address = order.ship_to
    zone = zone_of(address.country, address.region)
    origin = origin_of(order.merchant)
    if supplier is None and not order.promised_on:
        parcel = Parcel(
            carrier="",
            service=order.service.lower(),
            origin=origin,
            destination=region_of(address.country, address.region, address.postal_code),
            handed_over=day_of(order.ship_by),
        )
        if known := curve_for(order.merchant_id, parcel):
            curve, (half, most) = known
            days = (curve.quantile(half), curve.quantile(most))
            return learned_estimate(
                order.ship_by, *days, zone=ZoneInfo(zone), country=address.country, like=curve.like
            )
    return first_estimate(
        leaves_on=order.ship_by.astimezone(order.merchant.tz).date(),
        service=order.service,
        origin=(supplier.country if supplier else "") or origin[:2],
        destination=address.country,
        promised_on=order.promised_on,
    )


def split_off(shipment: Shipment, pieces: Mapping[int, int], *, now: datetime) -> Shipment:
    """Moves pieces (by the id of their shipment line) into a new parcel of the same order, which is to be packed.
    The caller has locked the order. Raises ValueError when more is asked for than is there and not yet in the
    box, or when nothing would stay."""
    lines = {line.pk: line for line in shipment.lines.select_related("order_line__product")}
    wanted = {pk: count for pk, count in pieces.items() if count}
    if not wanted or any(
        pk not in lines or not 0 < count <= lines[pk].quantity - lines[pk].packed
        for pk, count in wanted.items()
    ):
        raise ValueError("There is not so much in this parcel that could be taken out.")
    if sum(wanted.values()) == sum(line.quantity for line in lines.values()):
        raise ValueError("Nothing would stay in this parcel.")
    position = shipment.order.shipments.filter(direction=shipment.direction).aggregate(last=Max("position"))[
        "last"
    ]
    weight = sum(lines[pk].order_line.product.weight_g * count for pk, count in wanted.items())
    other = Shipment.objects.create(
        merchant_id=shipment.merchant_id,
        order=shipment.order,
        position=position + 1,
        direction=shipment.direction,
        supplier_id=shipment.supplier_id,
        carrier=shipment.carrier,
        service=shipment.service,
        weight_g=weight,
        ship_by=shipment.ship_by,
        promised_from=shipment.promised_from,
        promised_to=shipment.promised_to,
        first_promised_to=shipment.first_promised_to,
        recipient_zone=shipment.recipient_zone,
        created_at=now,
    )
    for pk, count in wanted.items():
        _take_out(lines[pk], count)
        ShipmentLine.objects.create(shipment=other, order_line_id=lines[pk].order_line_id, quantity=count)
    shipment.weight_g = max(0, shipment.weight_g - weight)
    shipment.save(update_fields=["weight_g"])
    _promise_again(shipment, other, now)
    return other


def split_missing(shipment: Shipment, *, now: datetime) -> Shipment | None:
    """What of this parcel is not there goes into a parcel of its own, to be sent when it comes in. None when all is
    there. The caller has locked the order. Raises ValueError when nothing of it is there."""
    missing = missing_pieces(shipment)
    return split_off(shipment, missing, now=now) if missing else None


def missing_pieces(*parcels: Shipment) -> dict[int, int]:
    """By the id of their shipment line: pieces of counted products that are neither reserved nor sent. Of an order's
    open parcels the last ones go without. One query, however many parcels."""
    if not parcels:
        return {}
    rows = (
        ShipmentLine.objects.filter(
            shipment__order__in={parcel.order_id for parcel in parcels},
            shipment__direction=Direction.OUTBOUND,
            order_line__product__track_stock=True,
            order_line__quantity__gt=F("order_line__reserved") + F("order_line__shipped"),
        )
        .exclude(shipment__stage__in=[Stage.HANDED_OVER, Stage.VOID])
        .select_related("order_line")
        .order_by("-shipment__position")
    )
    wanted = {parcel.pk for parcel in parcels}
    short: dict[int, int] = {}
    found: dict[int, int] = {}
    for row in rows:
        line = row.order_line
        left = short.setdefault(line.pk, line.quantity - line.reserved - line.shipped)
        absent = min(left, row.quantity - row.packed)
        short[line.pk] = left - absent
        if absent and row.shipment_id in wanted:
            found[row.pk] = absent
    return found


def _take_out(line: ShipmentLine, count: int) -> None:
    if line.quantity == count:
        line.delete()
        return
    line.quantity -= count
    line.save(update_fields=["quantity"])


def _promise_again(shipment: Shipment, other: Shipment, now: datetime) -> None:
    last = shipment.promises.last()
    if last is None:
        return
    Promise.objects.create(
        shipment=other,
        from_day=last.from_day,
        to_day=last.to_day,
        source=last.source,
        reason=f"As for parcel {shipment.position}, from which it was split.",
        made_at=now,
    )
