"""What the shipping floor does when the floor below has news: a placed order gets its first parcel,
a cancelled order's unsent parcels are called off."""

from typing import Any

from orders.models import OrderEvent
from orders.signals import event_recorded
from orders.status import OrderKind, OrderStatus
from shipping.models import Shipment
from shipping.status import Stage
from shipping.warehouse.parcels import first_parcel
from shipping.warehouse.waves import take_out


def on_event(event: OrderEvent, **_: Any) -> None:
    if event.order.kind == OrderKind.PURCHASE:
        return  # its parcels come to us
    if event.kind == OrderEvent.Kind.PLACED:
        first_parcel(event.order, now=event.recorded_at)
    elif event.kind == OrderEvent.Kind.STATUS and event.new == OrderStatus.CANCELLED:
        unsent = Shipment.objects.filter(order=event.order, stage__in=[Stage.OPEN, Stage.PACKED])
        take_out(list(unsent))
        unsent.update(stage=Stage.VOID)


def connect() -> None:
    event_recorded.connect(on_event, dispatch_uid="shipping")
