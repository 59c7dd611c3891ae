from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models import Merchant
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import DocumentKind


class PrintRun(MerchantOwned):
    """Who printed which parcels' papers, how far it got, and what came out (sha256 of the PDF)."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Rendering"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="print_runs")
    kind = models.CharField(max_length=10, choices=DocumentKind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    total = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to="prints/", blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    touched_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=DocumentKind.values), name="print_kind_known")
        ]
        indexes = [
            models.Index(fields=["merchant", "-created_at"], name="print_newest"),
            models.Index(
                fields=["touched_at"], condition=Q(state__in=["queued", "running"]), name="print_unfinished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class PrintItem(MerchantOwned):
    """One parcel's place in a run. A parcel whose paper cannot be made is listed with the reason; the rest prints."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Printed"
        FAILED = "failed", "Failed"

    merchant_path = "run__merchant"
    run = models.ForeignKey(PrintRun, on_delete=models.CASCADE, related_name="items")
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="print_items")
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="print_item_position_once")]
        indexes = [models.Index(fields=["run", "state"], name="print_item_by_state")]

    def __str__(self) -> str:
        return f"{self.position}: {self.shipment}"
