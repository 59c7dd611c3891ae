"""A parcel of an order."""

from django.db import models
from django.db.models import Q

from orders.models import Merchant, Order, OrderLine, Supplier
from orders.models.base import MerchantOwned
from orders.secrets import scan_code
from shipping.status import Direction, Stage, TrackingStatus

OPEN = Q(stage__in=[Stage.OPEN, Stage.PACKED, Stage.HANDED_OVER]) & ~Q(
    tracking_status__in=[TrackingStatus.DELIVERED, TrackingStatus.RETURNED, TrackingStatus.CANCELLED]
)
"""Parcels that still want watching; the partial indexes of the late list are made for exactly this."""

IN_TROUBLE = Q(
    tracking_status__in=["attempt_failed", "delayed", "on_hold", "exception", "returning", "expired"]
)
"""Of those the ones of which the carrier itself says that something is wrong."""


NOT_DELIVERED = Q(tracking_status__in=[TrackingStatus.RETURNED, TrackingStatus.CANCELLED])
"""Of those that have ended the ones that never reached their customer."""


FROM_HERE = Q(direction=Direction.OUTBOUND, supplier__isnull=True)
"""What the shop's own warehouse packs and hands over."""


class Shipment(MerchantOwned):
    """One parcel. `tracking_status` and what follows from it are written by `shipping.tracking.record`
    alone; `stage` by `shipping.warehouse` alone.

    All moments are UTC. `promised_from`/`promised_to` are days in the recipient's zone.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="shipments")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    position = models.PositiveSmallIntegerField(default=1, help_text="Parcel x of the order's parcels.")
    direction = models.CharField(max_length=10, choices=Direction.choices, default=Direction.OUTBOUND)
    code = models.CharField("parcel code", max_length=20, unique=True, default=scan_code, editable=False)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.OPEN)
    carrier = models.CharField(max_length=40, blank=True)
    service = models.CharField(max_length=60, blank=True)
    tracking_number = models.CharField(max_length=60, blank=True)
    weight_g = models.PositiveIntegerField("weight (g)", default=0)
    box = models.ForeignKey("Box", null=True, blank=True, on_delete=models.SET_NULL, related_name="shipments")
    replaces = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replacements",
        editable=False,
        help_text="The parcel in whose place this one was sent.",
    )
    supplier = models.ForeignKey(
        Supplier,
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        help_text="Who sends it straight to the customer, where that is not the shop.",
    )
    supplier_told_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the supplier was asked to send it."
    )
    wave = models.ForeignKey(
        "Wave", null=True, blank=True, on_delete=models.SET_NULL, related_name="shipments"
    )
    manifest = models.ForeignKey(
        "Manifest", null=True, blank=True, on_delete=models.SET_NULL, related_name="shipments"
    )

    tracking_status = models.CharField(
        max_length=24, choices=TrackingStatus.choices, default=TrackingStatus.UNKNOWN
    )
    status_at = models.DateTimeField(null=True, blank=True)
    first_scan_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    ship_by = models.DateTimeField()
    printed_at = models.DateTimeField(null=True, blank=True)
    packed_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    promised_from = models.DateField(null=True, blank=True)
    promised_to = models.DateField(null=True, blank=True)
    missed_on = models.DateField(
        "promise missed",
        null=True,
        blank=True,
        help_text="The first promised day that passed without the parcel.",
    )
    first_promised_to = models.DateField(
        null=True, blank=True, help_text="The last day of the first promise; later ones do not change it."
    )
    risk = models.FloatField(
        "chance to be late", null=True, blank=True, help_text="0 to 1, against the first promise."
    )
    risk_at = models.DateTimeField(null=True, blank=True, help_text="When that was last asked.")
    recipient_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "direction", "position"], name="shipment_position_once"),
            models.CheckConstraint(
                condition=Q(tracking_status__in=TrackingStatus.values), name="shipment_status_known"
            ),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="shipment_stage_known"),
            models.CheckConstraint(
                condition=Q(direction__in=Direction.values), name="shipment_direction_known"
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.HANDED_OVER) | Q(handed_over_at__isnull=False),
                name="shipment_handed_over_has_time",
            ),
            models.CheckConstraint(
                condition=Q(promised_from__isnull=True, promised_to__isnull=True)
                | Q(promised_to__gte=models.F("promised_from")),
                name="shipment_promise_in_order",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "-created_at"], name="shipment_newest"),
            models.Index(fields=["merchant", "stage", "-created_at"], name="shipment_by_stage"),
            models.Index(fields=["merchant", "tracking_status", "-created_at"], name="shipment_by_status"),
            models.Index(fields=["merchant", "tracking_number"], name="shipment_by_number"),
            models.Index(
                fields=["tracking_number"], condition=~Q(tracking_number=""), name="shipment_by_number_alone"
            ),
            models.Index(
                fields=["handed_over_at"],
                condition=OPEN & Q(handed_over_at__isnull=False, first_scan_at__isnull=True),
                name="shipment_not_accepted",
            ),
            models.Index(
                fields=["ship_by"], condition=OPEN & Q(handed_over_at__isnull=True), name="shipment_due_out"
            ),
            models.Index(fields=["promised_to"], condition=OPEN, name="shipment_due_in"),
            models.Index(fields=["last_event_at"], condition=OPEN, name="shipment_last_heard"),
            models.Index(
                fields=["missed_on"], condition=OPEN & Q(missed_on__isnull=False), name="shipment_missed"
            ),
            models.Index(
                fields=["promised_to"],
                condition=OPEN & Q(promised_to__gt=models.F("first_promised_to")),
                name="shipment_slipped",
            ),
            models.Index(fields=["tracking_status"], condition=OPEN & IN_TROUBLE, name="shipment_in_trouble"),
            models.Index(fields=["risk"], condition=OPEN & Q(risk__isnull=False), name="shipment_at_risk"),
            models.Index(
                fields=["risk_at"],
                condition=OPEN & Q(handed_over_at__isnull=False),
                name="shipment_risk_to_ask",
            ),
            models.Index(fields=["status_at"], condition=NOT_DELIVERED, name="shipment_not_delivered"),
            models.Index(
                fields=["merchant", "carrier", "-delivered_at"],
                condition=Q(delivered_at__isnull=False),
                name="shipment_delivered",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def subject(self) -> str:
        """How the ledger and the notices name this parcel."""
        return f"shipment:{self.pk}"

    @property
    def by_supplier(self) -> bool:
        """Whether a supplier sends it, to the shop or straight to the customer."""
        return self.direction == Direction.INBOUND or self.supplier_id is not None


class ShipmentLine(MerchantOwned):
    merchant_path = "shipment__merchant"
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.PositiveIntegerField()
    packed = models.PositiveIntegerField(default=0, help_text="Pieces scanned into the box.")

    class Meta:
        ordering = ["order_line__position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(packed__lte=models.F("quantity")), name="shipment_line_packed_within_quantity"
            ),
            models.UniqueConstraint(fields=["shipment", "order_line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="shipment_line_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line.sku}"
