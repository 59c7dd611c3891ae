"""How an order becomes parcels."""

from datetime import datetime

from orders.models import Location, Order
from shipping.models import Promise, Shipment, ShipmentLine
from shipping.promise.estimate import first_estimate
from shipping.promise.zones import zone_of


def first_parcel(order: Order, *, now: datetime) -> Shipment:
    """The parcel every order starts with: all its lines, its deadline, its first promise."""
    address, lines = order.ship_to, list(order.lines.select_related("product"))
    sender = Location.objects.filter(merchant=order.merchant, kind=Location.Kind.SENDER).first()
    estimate = first_estimate(
        leaves_on=order.ship_by.astimezone(order.merchant.tz).date(),
        service=order.service,
        origin=sender.country if sender else order.merchant.holiday_country,
        destination=address.country,
        promised_on=order.promised_on,
    )
    shipment = Shipment.objects.create(
        merchant=order.merchant,
        order=order,
        service=order.service,
        ship_by=order.ship_by,
        promised_from=estimate.from_day,
        promised_to=estimate.to_day,
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
