"""What customers and merchants want told, and the proof of it."""

from datetime import time

from django.core.validators import MinValueValidator
from django.db import models

from notifications.status import OFF_AT_FIRST, Channel, Milestone
from orders.models import Merchant
from orders.models.base import MerchantOwned


def off_at_first() -> list[list[str]]:
    return [[str(milestone), str(channel)] for milestone, channel in OFF_AT_FIRST]


class NoticeSettings(MerchantOwned):
    """What a merchant tells its customers, and how often. `off` lists [milestone, channel] pairs; what it does not list is
    told. Quiet hours are by the recipient's clock. A limit that is empty is none."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="notice_settings")
    off = models.JSONField(default=off_at_first, blank=True)
    quiet_from = models.TimeField("quiet from", default=time(21), help_text="By the recipient's clock.")
    quiet_to = models.TimeField("quiet until", default=time(8))
    quiet_sms = models.BooleanField("no SMS in quiet hours", default=True)
    quiet_email = models.BooleanField("no e-mail in quiet hours", default=False)
    per_person_a_day = models.PositiveSmallIntegerField(
        "messages to one address a day", default=12, null=True, blank=True
    )
    per_hour = models.PositiveIntegerField("messages an hour in all", null=True, blank=True)
    sms_a_day = models.PositiveIntegerField(
        "SMS parts a day",
        null=True,
        blank=True,
        help_text="What the provider bills: a long SMS is several parts.",
    )
    sms_price = models.DecimalField(
        "price of an SMS part",
        max_digits=8,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="In the shop's currency, to say what a change of words costs.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "notice settings"

    def __str__(self) -> str:
        return f"Notices of {self.merchant}"


class Preference(MerchantOwned):
    """What a customer has chosen for one address. No row is "yes". `address` is as `wishes.normal` writes it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="preferences")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    milestone = models.CharField(max_length=20, choices=Milestone.choices)
    wanted = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "address", "channel", "milestone"], name="preference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_milestone_display()} {'yes' if self.wanted else 'no'}"


class Consent(MerchantOwned):
    """Proof of a customer's choice; written once, never changed. `before` and `after` list the milestones that
    were told; `shown` is what the customer read when choosing."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    address = models.CharField(max_length=254)
    way = models.CharField(max_length=20)
    before = models.JSONField()
    after = models.JSONField()
    shown = models.TextField(blank=True)
    language = models.CharField(max_length=12, blank=True)
    network = models.CharField(max_length=45, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["merchant", "address", "-at"], name="consent_of_address")]

    def __str__(self) -> str:
        return f"{self.address} by {self.way}"
