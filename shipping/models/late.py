from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import LateRule


class LateCase(MerchantOwned):
    """A parcel that is late. One open case a parcel, at its worst rule; it closes by itself when all is well."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="late_cases")
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="late_cases")
    rule = models.CharField(max_length=20, choices=LateRule.choices)
    since = models.DateTimeField(help_text="The deadline that passed.")
    score = models.FloatField(help_text="Hours late, weighted by rule; the list is worst first.")
    explanation = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-score", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment"], condition=Q(closed_at__isnull=True), name="late_one_open_case"
            ),
            models.CheckConstraint(condition=Q(rule__in=LateRule.values), name="late_rule_known"),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "-score"], condition=Q(closed_at__isnull=True), name="late_worst_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shipment}: {self.get_rule_display()}"
