from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, pill
from shipping.models import LateCase


class OpenFilter(admin.SimpleListFilter):
    """Open cases unless one asks for the closed ones."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("closed", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=["state"]),
            "display": "Open",
        }
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({"state": value})
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(closed_at__isnull=self.value() != "closed")


@admin.register(LateCase)
class LateCaseAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "parcel",
        "rule_pill",
        "explanation",
        "late_for",
        "order",
        "recipient",
        "carrier",
        "tracking",
        "merchant",
    ]
    list_display_links = None
    list_filter = [OpenFilter, "rule", MerchantFilter]
    list_select_related = ["merchant", "shipment__order__ship_to"]
    search_fields = [
        "=shipment__code",
        "=shipment__tracking_number",
        "=shipment__order__number",
        "^shipment__order__ship_to__name",
    ]
    search_help_text = "Parcel code, tracking number, order number or name"
    ordering = ["-score", "pk"]

    @admin.display(description="parcel")
    def parcel(self, case: LateCase) -> SafeString:
        return link_to(case.shipment)

    @admin.display(description="why", ordering="rule")
    def rule_pill(self, case: LateCase) -> SafeString:
        return pill(case.rule, case.get_rule_display())

    @admin.display(description="late for", ordering="-since")
    def late_for(self, case: LateCase) -> str:
        hours = int(((case.closed_at or timezone.now()) - case.since).total_seconds() // 3600)
        return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"

    @admin.display(description="order", ordering="shipment__order__number")
    def order(self, case: LateCase) -> SafeString:
        return link_to(case.shipment.order)

    @admin.display(description="to")
    def recipient(self, case: LateCase) -> SafeString:
        address = case.shipment.order.ship_to
        return format_html('<span dir="auto" class="clip">{}, {}</span>', address.name, address.country)

    @admin.display(description="carrier", ordering="shipment__carrier")
    def carrier(self, case: LateCase) -> str:
        return f"{case.shipment.carrier} {case.shipment.tracking_number}".strip() or "–"

    @admin.display(description="tracking", ordering="shipment__tracking_status")
    def tracking(self, case: LateCase) -> SafeString:
        return pill(case.shipment.tracking_status, case.shipment.get_tracking_status_display())
