"""What the shipping floor does when the floor below has news: a placed order gets its first parcel,
a cancelled order's unsent parcels are called off, a purchase expects parcels from its supplier."""

from datetime import date
from typing import Any

from orders.models import OrderEvent
from orders.signals import event_recorded
from orders.status import OrderKind, OrderStatus
from shipping.models import Shipment
from shipping.status import Stage
from shipping.warehouse import coming
from shipping.warehouse.parcels import first_parcels
from shipping.warehouse.waves import take_out


def on_event(event: OrderEvent, **_: Any) -> None:
    if event.order.kind == OrderKind.PURCHASE:
        on_purchase(event)
        return
    if event.kind == OrderEvent.Kind.PLACED:
        first_parcels(event.order, now=event.recorded_at)
    elif event.kind == OrderEvent.Kind.STATUS and event.new == OrderStatus.CANCELLED:
        unsent = Shipment.objects.filter(order=event.order, stage__in=[Stage.OPEN, Stage.PACKED])
        take_out(list(unsent))
        unsent.update(stage=Stage.VOID)


def on_purchase(event: OrderEvent) -> None:
    """Its parcels come to us."""
    order, now = event.order, event.recorded_at
    if event.kind == OrderEvent.Kind.PLACED:
        coming.expect(order, now=now)
    elif event.kind == OrderEvent.Kind.PROMISE and event.subject.startswith("purchase:"):
        coming.expect_anew(order, date.fromisoformat(event.new), now=now)
    elif event.kind == OrderEvent.Kind.STATUS and event.new == OrderStatus.DELIVERED:
        coming.received(order, actor=event.actor, at=event.occurred_at, now=now)
    elif event.kind == OrderEvent.Kind.STATUS and event.new == OrderStatus.CANCELLED:
        coming.called_off(order)


def connect() -> None:
    event_recorded.connect(on_event, dispatch_uid="shipping")
