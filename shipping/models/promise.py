from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment


class Promise(MerchantOwned):
    """What was promised about a parcel, by whom, and why it changed. Append-only: the last row is in force.

    Days are in the recipient's zone.
    """

    class Source(models.TextChoices):
        MERCHANT = "merchant", "The shop"
        TABLE = "table", "Service table"
        CARRIER = "carrier", "The carrier"
        LEARNED = "learned", "Past deliveries"

    merchant_path = "shipment__merchant"
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="promises")
    from_day = models.DateField()
    to_day = models.DateField()
    source = models.CharField(max_length=10, choices=Source.choices)
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(to_day__gte=F("from_day")), name="promise_days_in_order")
        ]

    def __str__(self) -> str:
        return f"{date_format(self.from_day, 'DATE_FORMAT')} – {date_format(self.to_day, 'DATE_FORMAT')}"


class LearnedTransit(MerchantOwned):
    """What a shop's past parcels teach, fitted by beat. `data` is the snapshot's arrays (NumPy's npz, no pickles)."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="learned_transit")
    fitted_at = models.DateTimeField()
    parcels = models.PositiveIntegerField()
    level_half = models.FloatField(help_text="Of our own curve: read off for the p50, calibrated.")
    level_most = models.FloatField(help_text="Of our own curve: read off for the p90, calibrated.")
    data = models.BinaryField()
    kept = models.JSONField(default=dict, help_text="Promises kept of the last ones, by carrier and country.")
    silences = models.JSONField(
        default=dict, help_text="Hours to the next scan (p50, p80, p95, of how many), by carrier and status."
    )

    def __str__(self) -> str:
        return f"{self.parcels} parcels, {date_format(self.fitted_at, 'DATETIME_FORMAT')}"
