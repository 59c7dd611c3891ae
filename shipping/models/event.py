from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import ScanOutcome, TrackingStatus


class TrackingEvent(MerchantOwned):
    """The carrier's raw word about a parcel, kept for ever with its payload and the mapping that read it.

    `occurred_at` is the carrier's time as UTC and `zone` the zone it was told in; `zone_assumed` says that
    the carrier named none. `received_at` is ours. `told_at` is the carrier's time where that cannot be (`tracking.clock`) and
    `occurred_at` is ours. `fingerprint` makes a repeat the same row.
    """

    class Source(models.TextChoices):
        WEBHOOK = "webhook", "Carrier webhook"
        POLL = "poll", "Carrier, asked"
        CSV = "csv", "File"
        SIMULATOR = "simulator", "Simulator"
        STAFF = "staff", "Staff"
        WAREHOUSE = "warehouse", "Warehouse"

    merchant_path = "shipment__merchant"
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="events")
    fingerprint = models.CharField(max_length=64)
    source = models.CharField(max_length=12, choices=Source.choices)
    carrier = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=24, choices=TrackingStatus.choices)
    code = models.CharField("carrier's code", max_length=80, blank=True)
    message = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField(max_length=120, blank=True)
    country = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    told_at = models.DateTimeField("time told", null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    zone_assumed = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    mapping_version = models.PositiveSmallIntegerField(default=1)
    payload = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-occurred_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "fingerprint"], name="tracking_event_once"),
            models.CheckConstraint(
                condition=Q(status__in=TrackingStatus.values), name="tracking_event_status_known"
            ),
        ]
        indexes = [models.Index(fields=["shipment", "occurred_at"], name="tracking_event_by_time")]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {date_format(self.occurred_at, 'DATETIME_FORMAT')}"

    @property
    def place(self) -> str:
        return ", ".join(part for part in (self.city, self.region, self.country) if part)


class Scan(MerchantOwned):
    """One pull of a scanner's trigger and what came of it. Append-only."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="scans")
    shipment = models.ForeignKey(Shipment, null=True, on_delete=models.SET_NULL, related_name="scans")
    client_id = models.UUIDField(help_text="Made by the scanning page; a resend is the same scan.")
    mode = models.CharField(max_length=12)
    station = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=100)
    line = models.ForeignKey(
        "ShipmentLine", null=True, blank=True, on_delete=models.SET_NULL, related_name="scans"
    )
    details = models.JSONField(
        default=dict, blank=True, help_text="What the code said: GTIN, lot, serial ..."
    )
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by"
    )
    outcome = models.CharField(max_length=16, choices=ScanOutcome.choices)
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    scanned_at = models.DateTimeField(help_text="By the station's clock.")
    received_at = models.DateTimeField(null=True, help_text="By the server's clock.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "client_id"], name="scan_once"),
            models.CheckConstraint(condition=Q(outcome__in=ScanOutcome.values), name="scan_outcome_known"),
        ]
        indexes = [models.Index(fields=["merchant", "-scanned_at"], name="scan_newest")]

    def __str__(self) -> str:
        return f"{self.code} {self.get_outcome_display()}"
