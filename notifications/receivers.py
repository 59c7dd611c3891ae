"""The one listener for customers' notices. Runs inside the transaction that made the fact."""

from typing import Any

from notifications import outbox
from notifications.decide import decide, milestones
from notifications.status import Channel
from notifications.wishes import preferences_of, settings_of
from orders.models import OrderEvent
from orders.signals import event_recorded
from orders.status import OrderKind


def on_event(event: OrderEvent, **_: Any) -> None:
    if event.order.kind == OrderKind.PURCHASE:
        return  # no customer's business
    fact = outbox.fact_of(event)
    told = milestones(fact)
    if not told:
        return
    shop = settings_of(event.order.merchant)
    if all([milestone, channel] in shop.off for milestone in told for channel in Channel):
        return
    zone = outbox.zone_of(event)
    if zone is None:
        return
    if planned := decide(fact, preferences_of(event.order, shop, zone=zone)):
        outbox.put(event, planned, shop)


def connect() -> None:
    event_recorded.connect(on_event, dispatch_uid="notifications")
