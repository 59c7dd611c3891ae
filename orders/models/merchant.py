"""Merchants, their brand and places, and the people who work for them."""

import zoneinfo
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator, MaxValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from orders.models.base import AddressColumns, MerchantOwned, Walled
from orders.roles import ALLOWED, Can, Role

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", "Write the colour as # and six hex digits, like #1f6feb.")


def validate_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is no time zone. Use a name such as Europe/Berlin.")


def logo_path(merchant: "Merchant", filename: str) -> str:
    return f"logos/{merchant.slug}.{filename.rsplit('.', 1)[-1].lower()}"


def logo_size(value: Any) -> None:
    if value.size > 300_000:
        raise ValidationError("The logo is over 300 kB; a PNG of 600 pixels is plenty.")


class PaperSize(models.TextChoices):
    A4 = "a4", "A4 (210 × 297 mm)"
    LETTER = "letter", "US Letter (8.5 × 11 in)"


class LabelSize(models.TextChoices):
    FOUR_BY_SIX = "4x6", "4 × 6 in"
    A6 = "a6", "A6 (105 × 148 mm)"


class MerchantQuerySet(Walled):
    def visible_to(self, user: Any) -> "MerchantQuerySet":
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.all() if user.is_superuser else self.filter(pk__in=user.merchant_ids())


class Merchant(MerchantOwned):
    """A shop: its brand, its zone and words, and how it promises."""

    merchant_path = "pk"

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    logo = models.ImageField(
        upload_to=logo_path,
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg"]), logo_size],
    )
    colour = models.CharField("brand colour", max_length=7, default="#1f4e8c", validators=[hex_colour])
    support_email = models.EmailField(blank=True)
    support_phone = models.CharField(max_length=40, blank=True)
    support_url = models.URLField(blank=True)
    footer = models.CharField(
        max_length=300, blank=True, help_text="Shown under slips, mails and the tracking page."
    )
    zone = models.CharField("time zone", max_length=64, default="UTC", validators=[validate_zone])
    locale = models.CharField(max_length=10, default="en")
    currency = models.CharField(max_length=3, default="EUR", validators=[RegexValidator(r"^[A-Z]{3}$")])
    order_prefix = models.CharField(
        max_length=8,
        blank=True,
        validators=[RegexValidator(r"^[A-Z0-9-]*$", "Capital letters, digits and dashes.")],
    )
    next_number = models.PositiveBigIntegerField(default=1001, editable=False)
    handling_days = models.PositiveSmallIntegerField(
        default=1, validators=[MaxValueValidator(60)], help_text="Business days from order to hand-over."
    )
    cutoff = models.TimeField(
        default="14:00", help_text="An order placed later counts from the next business day."
    )
    holiday_country = models.CharField(
        max_length=2, default="DE", help_text="Whose public holidays the shop keeps."
    )
    silent_days = models.PositiveSmallIntegerField(
        default=4, help_text="Business days without a scan after which a parcel counts as silent."
    )
    acceptance_hours = models.PositiveSmallIntegerField(
        default=12,
        help_text="Hours of business days that a carrier has to scan what was handed over to it.",
    )
    paper = models.CharField(max_length=6, choices=PaperSize.choices, default=PaperSize.A4)
    label_size = models.CharField(max_length=4, choices=LabelSize.choices, default=LabelSize.FOUR_BY_SIX)
    slip_prices = models.BooleanField("show prices on packing slips", default=False)
    typed_quantities = models.BooleanField(
        "packers may type quantities",
        default=True,
        help_text="“12*SKU” or the plus button at the pack station. Off: every piece is scanned.",
    )
    notify_email = models.BooleanField("tell customers by e-mail", default=True)
    notify_sms = models.BooleanField("tell customers by SMS", default=False)
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MerchantQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)

    @property
    def reachable(self) -> bool:
        """Whether its pages can say how."""
        return bool(self.support_email or self.support_phone or self.support_url)


class Location(AddressColumns, MerchantOwned):
    """A merchant's place: where parcels leave from and where returns go."""

    class Kind(models.TextChoices):
        SENDER = "sender", "Sends parcels"
        RETURNS = "returns", "Takes returns"

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="locations")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SENDER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "kind"], name="location_one_per_kind"),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="location_country_iso"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"


class User(AbstractUser):
    """A person who signs in. What they may do follows from their memberships, not from Django's groups."""

    def merchant_ids(self) -> models.QuerySet:
        return Membership.objects.filter(user=self).values("merchant_id")

    def may(self, can: Can, merchant: Merchant | None = None) -> bool:
        """Whether this person has the right in this merchant (or, without one, in any merchant)."""
        if not self.is_active:
            return False
        if self.is_superuser:
            return True
        roles = self._roles()
        mine = [roles[merchant.pk]] if merchant is not None and merchant.pk in roles else []
        return any(can in ALLOWED[role] for role in (roles.values() if merchant is None else mine))

    def merchants_where(self, can: Can) -> list[int]:
        return [pk for pk, role in self._roles().items() if can in ALLOWED[role]]

    def _roles(self) -> dict[int, str]:
        if not hasattr(self, "_roles_cache"):
            self._roles_cache = dict(self.memberships.values_list("merchant_id", "role"))
        return self._roles_cache


class Membership(MerchantOwned):
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()}, {self.merchant})"
