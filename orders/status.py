"""The merchant's words for an order, what each means, and the allowed moves."""

from django.db import models


class OrderKind(models.TextChoices):
    SALE = "sale", "To a customer"
    PURCHASE = "purchase", "From a supplier"


class PurchaseState(models.TextChoices):
    """What a purchase is for the people who wait for it; follows from its order, its lines and the day."""

    ORDERED = "ordered", "Ordered"
    ON_ITS_WAY = "on_its_way", "On its way"
    TO_RECEIVE = "to_receive", "To receive"
    LATE = "late", "Late"
    PARTLY = "partly", "Partly received"
    RECEIVED = "received", "Received"
    CANCELLED = "cancelled", "Cancelled"


class OrderStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    PROCESSING = "processing", "Processing"
    SHIPPED = "shipped", "Shipped"
    DELIVERED = "delivered", "Delivered"
    CANCELLED = "cancelled", "Cancelled"
    RETURNED = "returned", "Returned"


MEANING = {
    OrderStatus.PENDING: "The order is in; nobody has started on it.",
    OrderStatus.PROCESSING: "Approved; the warehouse is picking and packing.",
    OrderStatus.SHIPPED: "A carrier has scanned the first parcel.",
    OrderStatus.DELIVERED: "Every parcel has been delivered.",
    OrderStatus.CANCELLED: "Called off; nothing more will be sent.",
    OrderStatus.RETURNED: "The goods came back to the merchant.",
}

MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset(
        {OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    ),
    OrderStatus.PROCESSING: frozenset(
        {OrderStatus.PENDING, OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    ),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED, OrderStatus.RETURNED, OrderStatus.CANCELLED}),
    OrderStatus.DELIVERED: frozenset({OrderStatus.RETURNED}),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.RETURNED: frozenset(),
}
"""From -> to. A machine may jump forward (a carrier can deliver what nobody marked as shipped);
only people may step back or cancel."""

MACHINE_MOVES: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PENDING: frozenset({OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED}),
    OrderStatus.SHIPPED: frozenset({OrderStatus.DELIVERED}),
}


def can_move(old: str, new: str) -> bool:
    return OrderStatus(new) in MOVES[OrderStatus(old)]


def machine_may_move(old: str, new: str) -> bool:
    return OrderStatus(new) in MACHINE_MOVES.get(OrderStatus(old), frozenset())
