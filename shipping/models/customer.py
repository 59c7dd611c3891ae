"""What customers say of their parcels."""

from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import ReportKind


class Rating(MerchantOwned):
    """One to five for a delivery, with the carrier and the lane as they were, so that a sum needs no other table."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="ratings")
    shipment = models.OneToOneField(Shipment, on_delete=models.CASCADE, related_name="rating")
    score = models.PositiveSmallIntegerField()
    comment = models.TextField(blank=True)
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    origin = models.CharField("from", max_length=2, blank=True)
    destination = models.CharField("to", max_length=2)
    late = models.BooleanField("after the promised day", default=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(score__range=(1, 5)), name="rating_one_to_five")]
        indexes = [
            models.Index(fields=["merchant", "-created_at"], name="rating_newest"),
            models.Index(fields=["merchant", "carrier", "destination"], name="rating_by_lane"),
        ]

    def __str__(self) -> str:
        return f"{self.score} of 5"


class CustomerReport(MerchantOwned):
    """A customer's word that wants an answer. At most one open of its kind for a parcel."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="customer_reports")
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="customer_reports")
    kind = models.CharField(max_length=20, choices=ReportKind.choices)
    text = models.TextField(blank=True)
    tier = models.PositiveSmallIntegerField(
        help_text="How surely it is the customer: 1 link, 2 postcode, 3 code."
    )
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "kind"],
                condition=Q(settled_at__isnull=True),
                name="report_one_open_of_a_kind",
            ),
            models.CheckConstraint(condition=Q(kind__in=ReportKind.values), name="report_kind_known"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created_at"], name="report_newest"),
            models.Index(
                fields=["merchant", "-created_at"], condition=Q(settled_at__isnull=True), name="report_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.shipment}"
