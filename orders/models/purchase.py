"""What a shop orders from its own suppliers. A purchase is an `Order` of kind purchase with these rows beside it."""

from django.db import models
from django.db.models import Q

from orders.models.base import MerchantOwned
from orders.models.catalogue import Product
from orders.models.merchant import Merchant
from orders.models.order import Order


class Supplier(MerchantOwned):
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="suppliers")
    name = models.CharField(max_length=200)
    contact = models.CharField("person to ask for", max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="en")
    lead_days = models.PositiveSmallIntegerField(
        "lead time (days)", default=7, help_text="Days from the order to the goods; sets the expected day."
    )
    line1 = models.CharField("address line 1", max_length=200, blank=True)
    line2 = models.CharField("address line 2", max_length=200, blank=True)
    city = models.CharField(max_length=120, blank=True)
    region = models.CharField("state or region", max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField("country code", max_length=2, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="supplier_name_once"),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"),
                name="supplier_country_iso",
                violation_error_message="Write the country as two capital letters, like DE.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Purchase(MerchantOwned):
    """What an order of kind purchase has that a sale has not. Comes in by `orders.purchasing.buy` only."""

    merchant_path = "order__merchant"
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="purchase")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="purchases")
    expected_on = models.DateField()
    reference = models.CharField("their reference", max_length=60, blank=True)
    arrived_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the carriers had brought all of its parcels."
    )

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["expected_on"], name="purchase_by_day")]

    def __str__(self) -> str:
        return self.order.number


class SupplierWord(MerchantOwned):
    """What a supplier was asked about a purchase, and what it answered. Append-only."""

    class Kind(models.TextChoices):
        ASKED = "asked", "Asked"
        ANSWERED = "answered", "Answered"

    merchant_path = "purchase__order__merchant"
    purchase = models.ForeignKey(Purchase, on_delete=models.CASCADE, related_name="words")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    text = models.TextField(max_length=8_000)
    expected_on = models.DateField(null=True, blank=True, help_text="The new day that was named, if one was.")
    author = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["asked", "answered"]), name="supplier_word_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"


class PurchaseLine(MerchantOwned):
    """`received` pieces went into stock and may be more than was ordered; `damaged` ones did not and are still owed.
    Guarded by the lock of the order's row."""

    merchant_path = "purchase__order__merchant"
    purchase = models.ForeignKey(Purchase, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="purchase_lines")
    sku = models.CharField("SKU", max_length=80)
    supplier_sku = models.CharField("supplier’s SKU", max_length=80, blank=True)
    name = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField()
    unit_cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    received = models.PositiveIntegerField(default=0, editable=False)
    damaged = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["purchase", "position"], name="purchase_line_position_once"),
            models.UniqueConstraint(fields=["purchase", "product"], name="purchase_line_product_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="purchase_line_at_least_one"),
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="purchase_cost_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"

    @property
    def missing(self) -> int:
        return max(0, self.quantity - self.received)
