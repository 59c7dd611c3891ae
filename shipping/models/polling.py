from django.db import models
from django.db.models import Q

from orders.models.base import MerchantOwned
from shipping.models.carrier import CarrierAccount
from shipping.models.shipment import Shipment


class PollState(MerchantOwned):
    """When a parcel's carrier is asked next. A row of its own, so that asking never touches the parcel's.

    `account` is None where the merchant has nobody to ask, `next_at` None where asking is over. `claim` names
    the one worker that may ask now; a claim grows stale when its worker dies.
    """

    merchant_path = "shipment__merchant"
    shipment = models.OneToOneField(
        Shipment, primary_key=True, on_delete=models.CASCADE, related_name="poll_state"
    )
    account = models.ForeignKey(
        CarrierAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="polls"
    )
    next_at = models.DateTimeField("asked next", null=True, blank=True)
    polled_at = models.DateTimeField("asked last", null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    given_up_at = models.DateTimeField("given up", null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "parcel asked about"
        verbose_name_plural = "parcels asked about"
        indexes = [
            models.Index(fields=["account", "next_at"], condition=Q(next_at__isnull=False), name="poll_due"),
            models.Index(fields=["claim"], condition=Q(claim__isnull=False), name="poll_claimed"),
            models.Index(
                fields=["given_up_at"], condition=Q(given_up_at__isnull=False), name="poll_given_up"
            ),
        ]

    def __str__(self) -> str:
        return str(self.shipment)
