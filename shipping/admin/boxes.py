from django.contrib import admin

from orders.admin.base import MerchantFilter, WalledAdmin
from shipping.models import Box


@admin.register(Box)
class BoxAdmin(WalledAdmin):
    """Boxes are not deleted, as parcels name them; one that is used no more is switched off."""

    list_display = ["name", "code", "size", "empty", "limit", "active", "merchant"]
    list_filter = ["active", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["^name", "=code"]
    search_help_text = "Name or code"
    fields = [
        "merchant",
        "name",
        "code",
        ("length_mm", "width_mm", "height_mm"),
        "weight_g",
        "max_g",
        "active",
    ]

    @admin.display(description="length × width × height")
    def size(self, box: Box) -> str:
        sides = (box.length_mm, box.width_mm, box.height_mm)
        return " × ".join(f"{side / 10:g}" for side in sides) + " cm" if all(sides) else "–"

    @admin.display(description="empty", ordering="weight_g")
    def empty(self, box: Box) -> str:
        return f"{box.weight_g:,} g" if box.weight_g else "–"

    @admin.display(description="at most", ordering="max_g")
    def limit(self, box: Box) -> str:
        return f"{box.max_g / 1000:g} kg" if box.max_g else "–"
