"""The one listener for customers' notices. Runs inside the transaction that made the fact."""

from typing import Any

from notifications.decide import Fact, Preferences, decide
from notifications.outbox import put
from orders.models import OrderEvent
from orders.signals import event_recorded


def on_event(event: OrderEvent, **_: Any) -> None:
    order = event.order
    put(
        event,
        decide(
            Fact(event.kind, event.new, event.occurred_at, event.recorded_at),
            Preferences(
                email_on=order.merchant.notify_email,
                sms_on=order.merchant.notify_sms,
                email=order.email,
                phone=str(order.phone or ""),
            ),
        ),
    )


def connect() -> None:
    event_recorded.connect(on_event, dispatch_uid="notifications")
