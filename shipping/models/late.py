"""Parcels that want somebody: the cases, what people did with them, and the shop's own thresholds."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import CaseEntryKind, LateOutcome, LateRule

OPEN_CASE = Q(closed_at__isnull=True)


class LateCase(MerchantOwned):
    """A parcel that is late or in trouble. One open case a parcel, at its worst rule; it closes by itself when all is well.

    `also` are the lesser alarms; `blame` is seconds late by part (`lateness.blame`). `carrier`, `lane` and `value` are as of the
    last review, so that the queue needs no other table. `version` grows with each change by a person."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="late_cases")
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="late_cases")
    rule = models.CharField("why", max_length=20, choices=LateRule.choices)
    since = models.DateTimeField(help_text="The deadline that passed.")
    score = models.FloatField(help_text="For the order of the queue: worst and most valuable first.")
    explanation = models.CharField(max_length=200)
    also = models.JSONField("other alarms", default=list, blank=True)
    blame = models.JSONField(default=dict, blank=True)
    risk = models.FloatField(
        "chance to be late", null=True, blank=True, help_text="0 to 1, where it is known."
    )
    value = models.DecimalField(
        "customer’s value", max_digits=14, decimal_places=2, default=0, help_text="All their orders so far."
    )
    carrier = models.CharField(max_length=40, blank=True)
    lane = models.CharField("to", max_length=24, blank=True)
    opened_at = models.DateTimeField()
    worsened_at = models.DateTimeField(
        null=True, blank=True, help_text="When its rule last became a worse one."
    )
    due_at = models.DateTimeField(
        "to be handled by", null=True, blank=True, help_text="By the shop’s own target."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="late_cases",
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=LateOutcome.choices, blank=True)
    version = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["-score", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["shipment"], condition=OPEN_CASE, name="late_one_open_case"),
            models.CheckConstraint(condition=Q(rule__in=LateRule.values), name="late_rule_known"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(closed_at__isnull=False), name="late_outcome_closes"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-score"], condition=OPEN_CASE, name="late_worst_first"),
            models.Index(fields=["-score"], condition=OPEN_CASE, name="late_worst_of_all"),
            models.Index(fields=["merchant", "-closed_at"], name="late_last_closed"),
        ]

    def __str__(self) -> str:
        return f"{self.shipment}: {self.get_rule_display()}"


class CaseEntry(MerchantOwned):
    """What was said and done about a case. Append-only: two people at once never lose each other's words."""

    merchant_path = "case__merchant"
    case = models.ForeignKey(LateCase, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=10, choices=CaseEntryKind.choices)
    text = models.TextField(blank=True)
    author = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "case entries"

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"


class SavedView(MerchantOwned):
    """A person's own filter of the queue, by name."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]

    def __str__(self) -> str:
        return self.name


class Claim(MerchantOwned):
    """A claim at the carrier, with the evidence as a PDF that a worker makes."""

    merchant_path = "case__merchant"
    case = models.ForeignKey(LateCase, on_delete=models.CASCADE, related_name="claims")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    words = models.TextField("what is claimed and why", blank=True)
    pdf = models.BinaryField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)
    filed_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(pdf__isnull=True, error=""), name="claim_unmade")
        ]

    def __str__(self) -> str:
        return f"Claim {self.pk}"


class LatePolicy(MerchantOwned):
    """A shop's own thresholds and its morning's mail. Business days and hours are by its zone and holidays."""

    class AllClear(models.TextChoices):
        NEVER = "never", "Nothing when nothing is late"
        WEEKLY = "weekly", "An all-clear on Mondays"

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="late_policy")
    off = models.JSONField("rules not used", default=list, blank=True)
    handover_grace_hours = models.PositiveSmallIntegerField(
        "grace after the hand-over day", default=0, help_text="Business hours."
    )
    silent_times = models.FloatField(
        "silence",
        default=1.0,
        validators=[MinValueValidator(0.5), MaxValueValidator(10)],
        help_text="Times as long as 19 of 20 parcels of the same carrier and stage are silent, as learned.",
    )
    promise_grace_days = models.PositiveSmallIntegerField(
        "grace after the promise", default=0, help_text="Business days."
    )
    slipped_days = models.PositiveSmallIntegerField(
        "slip of the promise", default=1, help_text="Business days later than first promised."
    )
    risk_from = models.FloatField(
        "likely to be late from",
        default=0.5,
        validators=[MinValueValidator(0.05), MaxValueValidator(0.99)],
        help_text="A chance between 0.05 and 0.99.",
    )
    attempt_hours = models.PositiveSmallIntegerField(
        "after a failed attempt", default=0, help_text="Business hours before it is a case."
    )
    carrier_word_hours = models.PositiveSmallIntegerField(
        "after a problem or a return",
        default=0,
        help_text="Business hours after the carrier’s word before it is a case; loss and damage are one at once.",
    )
    customs_days = models.PositiveSmallIntegerField(
        "customs", default=2, help_text="Business days in customs’ hands."
    )
    hold_days = models.PositiveSmallIntegerField("on hold", default=1, help_text="Business days on hold.")
    low_rating = models.PositiveSmallIntegerField(
        "low rating",
        default=2,
        validators=[MaxValueValidator(5)],
        help_text="Ratings of so many of 5 or fewer open a case; 0: none do.",
    )
    target_hours = models.PositiveSmallIntegerField(
        "target", default=24, help_text="Business hours within which a case is to be handled."
    )
    digest = models.BooleanField("morning mail", default=True)
    digest_at = models.TimeField("at", default="07:00", help_text="By the shop’s clock.")
    digest_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    all_clear = models.CharField(max_length=8, choices=AllClear.choices, default=AllClear.NEVER)

    class Meta:
        verbose_name = "late settings"
        verbose_name_plural = "late settings"

    def __str__(self) -> str:
        return f"Late settings of {self.merchant}"


class WhatIf(MerchantOwned):
    """A question to last quarter's parcels: what would other thresholds have made? Answered by a worker."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="what_ifs")
    changes = models.JSONField(default=dict)
    since = models.DateField()
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "what if"
        verbose_name_plural = "what ifs"

    def __str__(self) -> str:
        return f"What if {self.pk}"
