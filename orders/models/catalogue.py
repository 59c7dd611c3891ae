from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from orders.models.base import MerchantOwned
from orders.models.merchant import Merchant


class Product(MerchantOwned):
    """A thing on a shelf. `reserved` counts pieces promised to orders and still on the shelf.

    A SKU first met in an order makes a product that is not counted (`track_stock` off), so orders are
    never refused for want of a catalogue.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="products")
    sku = models.CharField("SKU", max_length=80)
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    name = models.CharField(max_length=300)
    bin = models.CharField("bin", max_length=40, blank=True, help_text="Where it lies, e.g. A-03-2.")
    weight_g = models.PositiveIntegerField("weight (g)", default=0)
    track_stock = models.BooleanField("count stock", default=True)
    allow_negative = models.BooleanField(
        "may go below zero",
        default=False,
        help_text="Promise and send more than is counted, as for things made to order.",
    )
    dropship_supplier = models.ForeignKey(
        "orders.Supplier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="dropshipped",
        verbose_name="sent by the supplier",
        help_text="This supplier sends it straight to the customer; it is not counted here.",
    )
    on_hand = models.IntegerField(
        default=0, help_text="The sum of its moves: receive, count or change it on its stock page."
    )
    reserved = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["sku"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku"], name="product_sku_once_per_merchant"),
            models.CheckConstraint(
                condition=Q(allow_negative=True) | Q(on_hand__gte=0, reserved__lte=F("on_hand")),
                name="product_reserved_within_on_hand",
            ),
            models.CheckConstraint(
                condition=Q(dropship_supplier__isnull=True) | Q(track_stock=False),
                name="product_of_supplier_not_counted",
                violation_error_message="What a supplier sends is not counted here: untick “count stock”.",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "gtin"], name="product_by_gtin"),
            models.Index(fields=["merchant", "bin"], name="product_by_bin"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def clean(self) -> None:
        supplier = self.dropship_supplier
        if supplier is not None and supplier.merchant_id != self.merchant_id:
            raise ValidationError({"dropship_supplier": "This is a supplier of another shop."})

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class StockMove(MerchantOwned):
    """One change of a product's pieces on hand, and why. Append-only: the moves of a product sum to its
    `on_hand`, and `balance` is that sum after this one. `key`, where given, makes a repeat of the same move
    do nothing.
    """

    class Kind(models.TextChoices):
        OPENING = "opening", "Opening balance"
        RECEIVED = "received", "Received"
        ADJUSTED = "adjusted", "Adjusted"
        COUNTED = "counted", "Counted"
        SHIPPED = "shipped", "Shipped"
        RETURNED = "returned", "Came back"
        SHORT = "short", "Missing when picked"

    merchant_path = "product__merchant"
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="moves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    quantity = models.IntegerField(help_text="Pieces, with a sign.")
    balance = models.IntegerField()
    reason = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=60, blank=True, help_text="Parcel, wave or delivery note.")
    actor = models.CharField(max_length=150, blank=True)
    key = models.CharField(max_length=100, null=True, editable=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "key"], name="stock_move_once"),
            models.CheckConstraint(condition=~Q(quantity=0), name="stock_move_moves"),
        ]
        indexes = [models.Index(fields=["product", "-id"], name="stock_move_newest")]

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.product.sku}"
