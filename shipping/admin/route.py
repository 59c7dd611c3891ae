"""The map of a parcel's journey on its page."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from orders.models import Location
from shipping.models import Shipment
from shipping.route.draw import svg
from shipping.route.journey import journey

MOST_EVENTS = 400


def drawn(shipment: Shipment) -> SafeString | str:
    kind = Location.Kind.SENDER
    sender = Location.objects.for_merchant(shipment.merchant).filter(kind=kind).first()
    newest = shipment.events.defer("payload").order_by("-occurred_at", "-pk")[:MOST_EVENTS]
    route = journey(shipment, list(newest)[::-1], sender=sender, recipient=shipment.order.ship_to)
    if not route:
        return "–"
    return render_to_string("shipping/admin/route.html", {"route": route, "map": svg(route, "route")})
