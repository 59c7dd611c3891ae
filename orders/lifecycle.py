"""The only writer of `Order.status`. People use the strict door, machines the lenient one."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from orders import stock
from orders.ledger import record_event
from orders.models import Merchant, Order, OrderEvent
from orders.status import OrderStatus, can_move, machine_may_move

log = logging.getLogger(__name__)


class InvalidMove(Exception):
    """The order may not go from its status to the one asked for; the text says so in the user's words."""


def lock_order(order_id: int) -> Order:
    """The order's row, locked until the transaction ends. Always the first lock taken."""
    return Order.every.select_for_update(of=("self",)).select_related("merchant").get(pk=order_id)


def lock_orders(order_ids: Iterable[int], *, merchant: Merchant) -> dict[int, Order]:
    """Several orders' rows of one merchant, locked in the order of their ids, so that two workers never wait in a ring."""
    rows = Order.every.select_for_update().filter(merchant=merchant, pk__in=set(order_ids)).order_by("pk")
    orders = {order.pk: order for order in rows}
    for order in orders.values():
        order.merchant = merchant
    return orders


@transaction.atomic
def change_status(
    order_id: int, new: str, *, actor: str, now: datetime, occurred_at: datetime | None = None
) -> Order:
    """Move an order because a person (or the shop) says so.

    Raises InvalidMove when the table in `orders.status` does not allow it. The same status: nothing happens.
    """
    order = lock_order(order_id)
    if order.status == new:
        return order
    if not can_move(order.status, new):
        was, to = OrderStatus(order.status).label.lower(), OrderStatus(new).label.lower()
        raise InvalidMove(f"Order {order.number} is {was}; it cannot become {to}.")
    _move(order, new, actor=actor, now=now, occurred_at=occurred_at or now)
    return order


def advance_status(order: Order, new: str, *, actor: str, now: datetime, occurred_at: datetime) -> bool:
    """Move a locked order forward because of what a machine saw. A refused move is logged, never raised."""
    if order.status == new:
        return False
    if not machine_may_move(order.status, new):
        log.info("order %s: %s refused while %s", order.pk, new, order.status)
        return False
    _move(order, new, actor=actor, now=now, occurred_at=occurred_at)
    return True


def _move(order: Order, new: str, *, actor: str, now: datetime, occurred_at: datetime) -> None:
    old, order.status = order.status, new
    fields = ["status"]
    if new in (OrderStatus.SHIPPED, OrderStatus.DELIVERED) and order.shipped_at is None:
        order.shipped_at = occurred_at
        fields.append("shipped_at")
    if new == OrderStatus.DELIVERED:
        order.delivered_at = occurred_at
        fields.append("delivered_at")
    order.save(update_fields=fields)
    if new == OrderStatus.CANCELLED:
        stock.release(order)
    record_event(
        order, OrderEvent.Kind.STATUS, old=old, new=new, actor=actor, occurred_at=occurred_at, now=now
    )
