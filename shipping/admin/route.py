"""The map of a parcel's journey on its page."""

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.models import Location
from shipping.models import LearnedTransit, Shipment
from shipping.promise.silence import expected
from shipping.route.draw import svg
from shipping.route.journey import journey

MOST_EVENTS = 400


def drawn(shipment: Shipment) -> SafeString | str:
    kind = Location.Kind.SENDER
    sender = Location.objects.for_merchant(shipment.merchant).filter(kind=kind).first()
    newest = shipment.events.defer("payload").order_by("-occurred_at", "-pk")[:MOST_EVENTS]
    learned = LearnedTransit.objects.for_merchant(shipment.merchant).defer("data").first()
    next_scan = expected(
        learned.silences if learned else {},
        carrier=shipment.carrier, status=shipment.tracking_status, last=shipment.last_event_at, now=timezone.now(),
    )  # fmt: skip
    told = list(newest)[::-1]
    route = journey(shipment, told, sender=sender, recipient=shipment.order.ship_to, next_scan=next_scan)
    if not route:
        return "–"
    return render_to_string("shipping/admin/route.html", {"route": route, "map": svg(route, "route")})
