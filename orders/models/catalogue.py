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
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["sku"]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "sku"], name="product_sku_once_per_merchant"),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")), name="product_reserved_within_on_hand"
            ),
        ]
        indexes = [models.Index(fields=["merchant", "gtin"], name="product_by_gtin")]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved
