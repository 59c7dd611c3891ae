"""The one listener for customers' notices. Runs inside the transaction that made the fact."""

from typing import Any

from notifications.decide import MILESTONE_OF, Fact, decide
from notifications.outbox import put
from notifications.wishes import preferences_of
from orders.models import OrderEvent
from orders.signals import event_recorded


def on_event(event: OrderEvent, **_: Any) -> None:
    if (event.kind, event.new) not in MILESTONE_OF:
        return
    fact = Fact(event.kind, event.new, event.occurred_at, event.recorded_at)
    put(event, decide(fact, preferences_of(event.order)))


def connect() -> None:
    event_recorded.connect(on_event, dispatch_uid="notifications")
