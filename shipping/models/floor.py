"""What the warehouse floor keeps: waves to pick, boxes to pack into, manifests to hand over on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from orders.models import Merchant, OrderLine, Product
from orders.models.base import MerchantOwned


class Wave(MerchantOwned):
    """Parcels that are picked together, in one walk by bin."""

    class State(models.TextChoices):
        OPEN = "open", "To pick"
        DONE = "done", "Picked"
        CANCELLED = "cancelled", "Called off"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="waves")
    name = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["open", "done", "cancelled"]), name="wave_state_known"
            )
        ]
        indexes = [models.Index(fields=["merchant", "state", "-created_at"], name="wave_newest")]

    def __str__(self) -> str:
        return self.name


class WaveLine(MerchantOwned):
    """All pieces of one product that a wave wants, from its bin as it was when the wave was made."""

    merchant_path = "wave__merchant"
    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="wave_lines")
    bin = models.CharField(max_length=40, blank=True)
    quantity = models.PositiveIntegerField()
    picked = models.PositiveIntegerField(default=0)
    short = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["bin", "product__sku"]
        constraints = [
            models.UniqueConstraint(fields=["wave", "product"], name="wave_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("picked") + F("short")), name="wave_line_within_quantity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.picked} of {self.quantity} × {self.product.sku}"


class ShortPick(MerchantOwned):
    """Pieces that a picker did not find, for the merchant to settle. `parcel` is the new one that waits for them."""

    class Reason(models.TextChoices):
        NOT_FOUND = "not_found", "Not in its bin"
        DAMAGED = "damaged", "Damaged"
        TOO_FEW = "too_few", "Fewer than counted"
        OTHER = "other", "Another reason"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="short_picks")
    wave = models.ForeignKey(Wave, null=True, on_delete=models.SET_NULL, related_name="shorts")
    order_line = models.ForeignKey(OrderLine, on_delete=models.CASCADE, related_name="short_picks")
    parcel = models.ForeignKey("Shipment", null=True, on_delete=models.SET_NULL, related_name="short_picks")
    quantity = models.PositiveIntegerField()
    reason = models.CharField(max_length=12, choices=Reason.choices)
    note = models.CharField(max_length=200, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reported_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="short_pick_at_least_one"),
        ]
        indexes = [
            models.Index(
                fields=["merchant", "-reported_at"],
                condition=Q(resolved_at__isnull=True),
                name="short_pick_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line.sku}"


class Box(MerchantOwned):
    """A kind of box or bag that parcels are packed into; its weight is added to what is in it."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="boxes")
    name = models.CharField(max_length=60)
    code = models.CharField(max_length=40, blank=True, help_text="Scan it to choose the box.")
    length_mm = models.PositiveIntegerField("length (mm)", default=0)
    width_mm = models.PositiveIntegerField("width (mm)", default=0)
    height_mm = models.PositiveIntegerField("height (mm)", default=0)
    weight_g = models.PositiveIntegerField("weight when empty (g)", default=0)
    max_g = models.PositiveIntegerField("may weigh at most (g)", default=0, help_text="0 for no limit.")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "boxes"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="box_name_once"),
            models.UniqueConstraint(fields=["merchant", "code"], condition=~Q(code=""), name="box_code_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Manifest(MerchantOwned):
    """Parcels that one driver of one carrier took, signed for at one dock."""

    class State(models.TextChoices):
        OPEN = "open", "Loading"
        CLOSED = "closed", "Closed"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="manifests")
    number = models.PositiveIntegerField(help_text="Counted per merchant.")
    carrier = models.CharField(max_length=40)
    dock = models.CharField(max_length=40, blank=True)
    driver = models.CharField(max_length=80, blank=True)
    vehicle = models.CharField("vehicle or seal", max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "number"], name="manifest_number_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True)
                | Q(state="closed", closed_at__isnull=False),
                name="manifest_closed_has_time",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "state", "-opened_at"], name="manifest_newest")]

    def __str__(self) -> str:
        return f"M-{self.number} {self.carrier}"


class ManifestMove(MerchantOwned):
    """Who opened, closed or reopened a manifest or took a parcel off it, and why. Append-only."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"
        TAKEN_OFF = "taken_off", "Taken off"

    merchant_path = "manifest__merchant"
    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.manifest} {self.get_kind_display()}"
