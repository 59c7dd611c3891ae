from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from phonenumber_field.modelfields import PhoneNumberField

from orders.models.base import MerchantOwned
from orders.models.merchant import Merchant


class Customer(MerchantOwned):
    """A buyer of one merchant: found by e-mail (case does not matter), or by phone where there is no e-mail."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="customers")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = PhoneNumberField(blank=True)
    locale = models.CharField(max_length=10, default="en")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "merchant", Lower("email"), condition=~Q(email=""), name="customer_email_once_per_merchant"
            ),
            models.UniqueConstraint(
                fields=["merchant", "phone"],
                condition=Q(email="") & ~Q(phone=""),
                name="customer_phone_once_without_email",
            ),
        ]
        indexes = [models.Index(fields=["merchant", "name"], name="customer_by_name")]

    def __str__(self) -> str:
        return self.name or self.email or str(self.phone) or f"Customer {self.pk}"
