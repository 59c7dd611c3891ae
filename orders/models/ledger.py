from django.db import models

from orders.models.base import MerchantOwned
from orders.models.order import Order


class OrderEvent(MerchantOwned):
    """The ledger: what happened to an order, in our words. Append-only; written by `orders.ledger` alone.

    `occurred_at` is when it happened, `recorded_at` when we learned of it. `key` makes a fact that can be
    told twice one row. `subject` names what it is about below the order, e.g. "shipment:7".
    """

    class Kind(models.TextChoices):
        PLACED = "placed", "Order placed"
        STATUS = "status", "Order status"
        SHIPMENT = "shipment", "Parcel status"
        PACKED = "packed", "Parcel packed"
        HANDED_OVER = "handed_over", "Handed to carrier"
        PROMISE = "promise", "Delivery date"
        REPORT = "report", "Word from the customer"
        RECEIVED = "received", "Goods received"

    merchant_path = "order__merchant"
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(max_length=40, blank=True)
    old = models.CharField(max_length=40, blank=True)
    new = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=150, blank=True)
    key = models.CharField(max_length=100)

    class Meta:
        ordering = ["occurred_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["order", "key"], name="event_key_once_per_order")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.new}" if self.new else self.get_kind_display()
