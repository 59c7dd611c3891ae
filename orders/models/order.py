"""An order, its lines and the address as it was when the order was placed."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from phonenumber_field.modelfields import PhoneNumberField

from orders.models.base import AddressColumns, MerchantOwned, Walled
from orders.models.catalogue import Product
from orders.models.customer import Customer
from orders.models.merchant import Merchant
from orders.secrets import public_key
from orders.status import OrderKind, OrderStatus


class Sales(models.Manager.from_queryset(Walled)):  # type: ignore[misc]
    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(kind=OrderKind.SALE)


class Order(MerchantOwned):
    """`status` has one writer, `orders.lifecycle`; sales come in by `orders.place`, purchases by `orders.purchasing`.

    `objects` knows sales only, so that no page for customers can meet a purchase; `every` knows both.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=8, choices=OrderKind.choices, default=OrderKind.SALE, editable=False)
    number = models.CharField(max_length=40)
    source = models.CharField(max_length=30)
    external_id = models.CharField(max_length=100)
    public_key = models.CharField(max_length=22, unique=True, default=public_key, editable=False)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    email = models.EmailField(blank=True)
    phone = PhoneNumberField(blank=True)
    locale = models.CharField(max_length=10, default="en")
    status = models.CharField(max_length=10, choices=OrderStatus.choices, default=OrderStatus.PENDING)
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=12, decimal_places=2)
    service = models.CharField("service asked for", max_length=60, blank=True)
    gift_message = models.TextField(blank=True)
    note = models.TextField(blank=True)
    placed_at = models.DateTimeField()
    ship_by = models.DateTimeField(help_text="When the parcel should be with the carrier (UTC).")
    promised_on = models.DateField(null=True, blank=True, help_text="The day the shop promised, if it did.")
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    digest = models.CharField(
        max_length=64, editable=False, help_text="Of what came in; tells a repeat from a change."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = Sales()  # type: ignore[misc]
    every = Walled.as_manager()

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=OrderKind.SALE, customer__isnull=False) | Q(kind=OrderKind.PURCHASE),
                name="order_sale_has_customer",
            ),
            models.UniqueConstraint(fields=["merchant", "number"], name="order_number_once_per_merchant"),
            models.UniqueConstraint(
                fields=["merchant", "source", "external_id"], name="order_external_id_once"
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
            models.CheckConstraint(condition=~Q(number="") & ~Q(external_id=""), name="order_identified"),
        ]
        indexes = [
            models.Index(fields=["merchant", "-placed_at"], name="order_newest"),
            models.Index(fields=["merchant", "status", "-placed_at"], name="order_by_status"),
            models.Index(Upper("number"), name="order_by_number"),
            models.Index(fields=["-placed_at"], name="order_newest_all"),
        ]

    def __str__(self) -> str:
        return self.number


class ShippingAddress(AddressColumns, MerchantOwned):
    """Where this order goes, as given when it was placed. Later changes to the customer do not touch it."""

    merchant_path = "order__merchant"
    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="ship_to")

    class Meta:
        verbose_name_plural = "shipping addresses"
        constraints = [
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="ship_to_country_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"


class OrderLine(MerchantOwned):
    """`reserved` pieces lie ready for this line; `shipped` have left; the rest is back-ordered."""

    merchant_path = "order__merchant"
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="lines")
    sku = models.CharField("SKU", max_length=80)
    name = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    supplier = models.ForeignKey(
        "orders.Supplier",
        null=True,
        blank=True,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who sends it to the customer, where that is not the shop.",
    )
    reserved = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="line_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="line_quantity_at_least_one"),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="line_price_not_negative"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("reserved") + F("shipped")), name="line_reserved_within_quantity"
            ),
        ]
        indexes = [
            models.Index(
                fields=["product"],
                condition=Q(quantity__gt=F("reserved") + F("shipped")),
                name="line_waiting",
            ),
            models.Index(fields=["product"], condition=Q(reserved__gt=0), name="line_holding"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"
