"""The ledger's only writer. Every fact about an order passes here and is announced once, inside the
transaction that made it."""

import uuid
from datetime import datetime

from orders.models import Order, OrderEvent
from orders.signals import event_recorded


def record_event(
    order: Order,
    kind: str,
    *,
    occurred_at: datetime,
    now: datetime,
    old: str = "",
    new: str = "",
    actor: str = "",
    subject: str = "",
    key: str = "",
) -> OrderEvent | None:
    """Append a fact and announce it. With a `key` already told for this order: nothing, and None.

    Moments are aware datetimes. Call inside a transaction.
    """
    event = OrderEvent(
        order=order,
        kind=kind,
        old=old,
        new=new,
        occurred_at=occurred_at,
        recorded_at=now,
        actor=actor,
        subject=subject,
        key=key or uuid.uuid4().hex,
    )
    if key and OrderEvent.objects.filter(order=order, key=key).exists():
        return None
    event.save(force_insert=True)
    event_recorded.send(sender=OrderEvent, event=event)
    return event
