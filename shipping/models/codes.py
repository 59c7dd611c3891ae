from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.event import TrackingEvent
from shipping.status import TrackingStatus


class CodeMapping(MerchantOwned):
    """A carrier's code that no table knows, and what the merchant's people say it means. Until then `status` is
    empty and its events say “unknown”.

    `version` counts the merchant's mappings for the provider. `reread_at` is set once the history has been read
    again with it; a beat task sees to those where it is not.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="code_mappings")
    provider = models.CharField(max_length=30)
    carrier = models.CharField(max_length=40, blank=True)
    code = models.CharField("carrier's code", max_length=80)
    message = models.CharField("for example", max_length=300, blank=True)
    first_seen_at = models.DateTimeField("first seen")
    status = models.CharField("means", max_length=24, choices=TrackingStatus.choices, blank=True)
    version = models.PositiveSmallIntegerField(default=0)
    mapped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    mapped_at = models.DateTimeField(null=True, blank=True)
    reread_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "unknown code"
        ordering = ["-first_seen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "provider", "carrier", "code"], name="code_mapping_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["", *TrackingStatus.values]), name="code_mapping_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-first_seen_at"], name="code_mapping_newest"),
            models.Index(
                fields=["mapped_at"],
                condition=Q(mapped_at__isnull=False, reread_at__isnull=True),
                name="code_mapping_to_reread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.carrier or self.provider})"


class UnknownEvent(MerchantOwned):
    """An event whose code no table knew when it came: what a mapping of that code is about."""

    merchant_path = "mapping__merchant"
    event = models.OneToOneField(
        TrackingEvent, primary_key=True, on_delete=models.CASCADE, related_name="unknown_code"
    )
    mapping = models.ForeignKey(CodeMapping, on_delete=models.CASCADE, related_name="events")

    def __str__(self) -> str:
        return f"{self.mapping} {self.event_id}"
