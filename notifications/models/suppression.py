from django.db import models
from django.db.models import Q

from notifications.status import Channel
from orders.models import Merchant
from orders.models.base import MerchantOwned


class Suppression(MerchantOwned):
    """An address that this merchant does not write to any more. Lifted rows stay as history."""

    class Reason(models.TextChoices):
        BOUNCE = "bounce", "Bounced"
        COMPLAINT = "complaint", "Marked as spam"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        STOP = "stop", "Answered STOP"
        HAND = "hand", "By hand"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="suppressions")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField("e-mail or phone", max_length=254)
    reason = models.CharField(max_length=12, choices=Reason.choices, default=Reason.HAND)
    detail = models.CharField("note", max_length=300, blank=True)
    at = models.DateTimeField("since")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "address not written to"
        verbose_name_plural = "addresses not written to"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "address", "channel"],
                condition=Q(lifted_at__isnull=True),
                name="suppressed_once",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "-at"], name="suppression_newest")]

    def __str__(self) -> str:
        return self.address
