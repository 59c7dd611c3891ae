from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from orders.models import LabelSize, Merchant, PaperSize
from orders.models.base import MerchantOwned
from shipping.models.shipment import Shipment
from shipping.status import DocumentKind, SortBy


class PrintRun(MerchantOwned):
    """Who printed which parcels' papers, how far it got, and what came out (sha256 of the PDF)."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Rendering"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="print_runs")
    kind = models.CharField(max_length=10, choices=DocumentKind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    sort = models.CharField(max_length=8, choices=SortBy.choices, default=SortBy.CHOSEN)
    paper = models.CharField(max_length=6, choices=PaperSize.choices, default=PaperSize.A4)
    label_size = models.CharField(max_length=4, choices=LabelSize.choices, default=LabelSize.FOUR_BY_SIX)
    sheet = models.ForeignKey("LabelSheet", null=True, blank=True, on_delete=models.SET_NULL)
    sheet_start = models.PositiveSmallIntegerField(default=1, help_text="The first free label of the sheet.")
    copies = models.PositiveSmallIntegerField(default=1)
    reprint_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    manifest = models.ForeignKey(
        "Manifest", null=True, blank=True, on_delete=models.SET_NULL, related_name="print_runs"
    )
    wave = models.ForeignKey(
        "Wave", null=True, blank=True, on_delete=models.SET_NULL, related_name="print_runs"
    )
    total = models.PositiveIntegerField(default=0)
    pages = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to="prints/", blank=True)
    zpl = models.FileField(upload_to="prints/", blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
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


class PrintPart(MerchantOwned):
    """A stretch of a run that one worker renders at a time. Claimed by a conditional UPDATE; a claim that has
    grown old is free again, so a killed worker's part is rendered by the next one."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Rendering"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    merchant_path = "run__merchant"
    run = models.ForeignKey(PrintRun, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    file = models.CharField(max_length=200, blank=True)
    pages = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="print_part_once")]
        indexes = [
            models.Index(
                fields=["claimed_at"], condition=Q(state__in=["waiting", "running"]), name="print_part_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run} part {self.number}"


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
    part = models.PositiveIntegerField(default=0, help_text="The number of its part.")
    pages = models.PositiveIntegerField(default=0)
    first_page = models.PositiveIntegerField(
        default=0, help_text="In the run's PDF, from 1; 0 unless printed."
    )

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="print_item_position_once")]
        indexes = [models.Index(fields=["run", "state"], name="print_item_by_state")]

    def __str__(self) -> str:
        return f"{self.position}: {self.shipment}"


class CarrierLabel(MerchantOwned):
    """A label that a carrier issued for a parcel; it prints in the place of our own."""

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        PNG = "png", "PNG"
        ZPL = "zpl", "ZPL"

    merchant_path = "shipment__merchant"
    shipment = models.OneToOneField(Shipment, on_delete=models.CASCADE, related_name="carrier_label")
    kind = models.CharField(max_length=3, choices=Kind.choices)
    file = models.FileField(upload_to="carrier-labels/")
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.shipment}"


class LabelSheet(MerchantOwned):
    """A sheet of sticky labels as bought in a shop. Millimetres; labels are counted row by row from 1."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="label_sheets")
    name = models.CharField(max_length=60)
    paper = models.CharField(max_length=6, choices=PaperSize.choices, default=PaperSize.A4)
    rows = models.PositiveSmallIntegerField(default=2)
    columns = models.PositiveSmallIntegerField(default=2)
    top = models.DecimalField("top margin (mm)", max_digits=5, decimal_places=2, default=0)
    left = models.DecimalField("left margin (mm)", max_digits=5, decimal_places=2, default=0)
    width = models.DecimalField("label width (mm)", max_digits=5, decimal_places=2, default=105)
    height = models.DecimalField(
        "label height (mm)", max_digits=5, decimal_places=2, default=Decimal("148.5")
    )
    gap_x = models.DecimalField("gap between columns (mm)", max_digits=5, decimal_places=2, default=0)
    gap_y = models.DecimalField("gap between rows (mm)", max_digits=5, decimal_places=2, default=0)
    shift_x = models.DecimalField(
        "printer's shift right (mm)",
        max_digits=4,
        decimal_places=2,
        default=0,
        help_text="From the calibration page.",
    )
    shift_y = models.DecimalField("printer's shift down (mm)", max_digits=4, decimal_places=2, default=0)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="label_sheet_name_once"),
            models.CheckConstraint(condition=Q(rows__gte=1, columns__gte=1), name="label_sheet_has_labels"),
        ]

    def __str__(self) -> str:
        return self.name
