"""What customers said: ratings, and reports that want an answer."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, local, pill
from shipping.models import CustomerReport, Rating
from shipping.voice import settle

TIERS = {
    1: "has the link",
    2: "knew the postcode, e-mail or phone",
    3: "read the customer's own mail or phone",
}


class SettledFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("settled", "Settled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("open", "settled"):
            return queryset.filter(settled_at__isnull=self.value() == "open")
        return queryset


@admin.register(CustomerReport)
class CustomerReportAdmin(WalledAdmin):
    add_right = None
    list_display = ["what", "parcel", "text", "created", "settled", "merchant"]
    list_filter = [SettledFilter, "kind", MerchantFilter]
    list_select_related = ["shipment", "merchant"]
    search_fields = ["=shipment__code", "=shipment__tracking_number", "=shipment__order__number", "text"]
    search_help_text = "Parcel code, tracking or order number, or a word of the message"
    ordering = ["-created_at"]
    actions = ["mark_settled"]
    fields = ["what", "parcel", "text", "who", "created", "settled", "settled_by"]
    readonly_fields = ["what", "parcel", "text", "who", "created", "settled", "settled_by"]

    @admin.action(description="Settled: the customer has an answer", permissions=["edit"])
    def mark_settled(self, request: HttpRequest, queryset: QuerySet) -> None:
        done = sum(
            settle(row, by=str(request.user), now=timezone.now())
            for row in queryset.filter(settled_at__isnull=True)[:500]
        )
        messages.success(request, f"{done} settled.")

    @admin.display(description="what", ordering="kind")
    def what(self, row: CustomerReport) -> SafeString:
        tone = "done" if row.settled_at else "attempt_failed"
        return pill(tone, row.get_kind_display())

    @admin.display(description="parcel")
    def parcel(self, row: CustomerReport) -> SafeString:
        return link_to(row.shipment)

    @admin.display(description="who wrote it")
    def who(self, row: CustomerReport) -> str:
        return f"Somebody who {TIERS.get(row.tier, TIERS[1])}"

    @admin.display(description="written", ordering="created_at")
    def created(self, row: CustomerReport) -> str:
        return local(row.created_at, row.merchant.tz)

    @admin.display(description="settled", ordering="settled_at")
    def settled(self, row: CustomerReport) -> str:
        return local(row.settled_at, row.merchant.tz) if row.settled_at else "–"


@admin.register(Rating)
class RatingAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["stars", "comment", "carrier", "lane", "late", "parcel", "created", "merchant"]
    list_display_links = None
    list_filter = ["score", "late", MerchantFilter]
    list_select_related = ["shipment", "merchant"]
    search_fields = ["comment", "=carrier", "=destination", "=shipment__code", "=shipment__order__number"]
    search_help_text = "A word of the comment, carrier, country code, parcel code or order number"
    ordering = ["-created_at"]

    @admin.display(description="rating", ordering="score")
    def stars(self, row: Rating) -> str:
        return "★" * row.score + "☆" * (5 - row.score)

    @admin.display(description="lane")
    def lane(self, row: Rating) -> str:
        return f"{row.origin or '?'} → {row.destination}"

    @admin.display(description="parcel")
    def parcel(self, row: Rating) -> SafeString:
        return link_to(row.shipment)

    @admin.display(description="given", ordering="created_at")
    def created(self, row: Rating) -> str:
        return local(row.created_at, row.merchant.tz)
