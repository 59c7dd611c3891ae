"""The tracking page's queries, each of one order, whatever the number of its parcels."""

from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from orders.models import Location, Order, OrderEvent, OrderLine
from shipping.models import CustomerReport, Shipment, TrackingEvent
from shipping.status import Direction
from tracker.written_once import written_once

MAX_SCANS = 400  # of all parcels together; nobody reads further back


@written_once
def order_of(public_key: str) -> QuerySet[Order]:
    senders = Location.objects.filter(merchant=OuterRef("merchant"), kind=Location.Kind.SENDER).order_by("pk")
    town = senders.values(town=JSONObject(city="city", region="region", country="country"))
    rows = Order.objects.select_related("merchant__learned_transit", "ship_to").annotate(
        sent_from=Subquery(town[:1])
    )
    return rows.defer("merchant__learned_transit__data").filter(public_key=public_key)


@written_once
def parcels_of(order: int) -> QuerySet[Shipment]:
    told = CustomerReport.objects.filter(shipment=OuterRef("pk"), settled_at__isnull=True).order_by("-pk")
    rows = Shipment.objects.filter(order=order).exclude(direction=Direction.INBOUND).select_related("rating")
    return rows.annotate(told=Subquery(told.values("kind")[:1])).order_by("direction", "position")


@written_once
def lines_of(order: int) -> QuerySet[OrderLine, tuple[int, str, int, int, int]]:
    rows = OrderLine.objects.filter(order=order).order_by("position", "shipment_lines__shipment_id")
    held = ("shipment_lines__shipment_id", "shipment_lines__quantity")
    return rows.values_list("pk", "name", "quantity", *held)


@written_once
def scans_and_payloads_of(order: int) -> QuerySet[TrackingEvent]:
    return TrackingEvent.objects.filter(shipment__order=order).order_by("-occurred_at", "-pk")[:MAX_SCANS]


@written_once
def scans_of(order: int) -> QuerySet[TrackingEvent]:
    rows = TrackingEvent.objects.filter(shipment__order=order).order_by("-occurred_at", "-pk")
    return rows.defer("payload")[:MAX_SCANS]


@written_once
def moves_of(order: int) -> QuerySet[OrderEvent, tuple[str, datetime]]:
    rows = OrderEvent.objects.filter(order=order, kind=OrderEvent.Kind.STATUS).order_by("occurred_at", "pk")
    return rows.values_list("new", "occurred_at")
