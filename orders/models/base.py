"""What every merchant-owned row shares: the wall."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from orders.models.merchant import Merchant


class Walled(models.QuerySet):
    """Rows of one merchant. `merchant_path` says how a row reaches its merchant."""

    def for_merchant(self, merchant: "Merchant") -> Self:
        return self.filter(**{self.model.merchant_path: merchant.pk})  # type: ignore[attr-defined]

    def visible_to(self, user: Any) -> Self:
        """What a signed-in person may see: their merchants' rows; platform staff see all; nobody else any."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_superuser:
            return self.all()
        path = self.model.merchant_path  # type: ignore[attr-defined]
        return self.filter(**{f"{path}__in": user.merchant_ids()})


class MerchantOwned(models.Model):
    """A row that belongs to a merchant, directly or through a parent named by `merchant_path`."""

    merchant_path = "merchant"
    objects = Walled.as_manager()

    class Meta:
        abstract = True


class AddressColumns(models.Model):
    """A postal address as printed. Lines are free text in any script; the country is ISO 3166-1 alpha-2."""

    name = models.CharField(max_length=200)
    company = models.CharField(max_length=200, blank=True)
    line1 = models.CharField("address line 1", max_length=200)
    line2 = models.CharField("address line 2", max_length=200, blank=True)
    city = models.CharField(max_length=120)
    region = models.CharField("state or region", max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField("country code", max_length=2)

    class Meta:
        abstract = True
