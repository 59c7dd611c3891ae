"""Who has looked at an order's public page, and the codes that open more of it."""

from django.db import models
from django.db.models import F
from django.utils.formats import date_format

from orders.models.base import MerchantOwned
from orders.models.order import Order


class PageView(MerchantOwned):
    """One visitor's views of an order's page in one day (UTC). Of the visitor only what its owner may see is kept: the first
    part of the network address and the kind of browser; `visitor` is a keyed digest of both in full."""

    merchant_path = "order__merchant"
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="page_views")
    visitor = models.CharField(max_length=16)
    day = models.DateField()
    views = models.PositiveIntegerField(default=1)
    tier = models.PositiveSmallIntegerField(
        help_text="The most that was shown: 0 status, by tracking number, 1 link, 2 items, 3 address."
    )
    agent = models.CharField("browser", max_length=60, blank=True)
    network = models.CharField(max_length=45, blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "visitor", "day"], name="page_view_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.agent} ({self.network}), {self.day}"


class AccessCode(MerchantOwned):
    """Six digits sent to the customer's own e-mail or phone. They follow from `nonce` and the site's secret; they are not kept."""

    merchant_path = "order__merchant"
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="access_codes")
    channel = models.CharField(max_length=10)
    nonce = models.CharField(max_length=22)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when a worker has been sending it."
    )
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=F("created_at")), name="access_code_times_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel}, {date_format(self.created_at, 'DATETIME_FORMAT')}"
