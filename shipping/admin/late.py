"""The merchant's queue: parcels that are late or in trouble, worst and most valuable first."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, pill
from orders.roles import Can
from shipping.admin import bulk
from shipping.admin import case as case_page
from shipping.admin import views as saved
from shipping.admin.chosen import choose
from shipping.admin.late_filters import (
    AgeFilter,
    CarrierFilter,
    LaneFilter,
    OwnerFilter,
    RuleFilter,
    StateFilter,
    ValueFilter,
)
from shipping.lateness import handle
from shipping.models import LateCase, LatePolicy
from shipping.status import LateOutcome, LateRule


class LateList(ChangeList):
    """Reads of the rows beside a case what the list shows of them: a dozen columns, not two hundred."""

    def apply_select_related(self, qs: Any) -> Any:
        own = [field.name for field in LateCase._meta.concrete_fields]
        return super().apply_select_related(qs).only(*own, *SHOWN_BESIDE)


SHOWN_BESIDE = (
    "merchant__name", "owner__username", "owner__first_name", "owner__last_name", "shipment__code", "shipment__carrier",
    "shipment__tracking_number",
    "shipment__order__number", "shipment__order__currency", "shipment__order__ship_to__name",
    "shipment__order__ship_to__country", "shipment__order__purchase__supplier__name",
)  # fmt: skip


@admin.register(LateCase)
class LateCaseAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "parcel",
        "why",
        "carried_by",
        "blame_bar",
        "late_for",
        "worth",
        "owner_name",
        "target",
        "merchant",
    ]
    list_display_links = None
    show_facets = admin.ShowFacets.NEVER
    list_filter = [
        StateFilter,
        RuleFilter,
        CarrierFilter,
        LaneFilter,
        AgeFilter,
        OwnerFilter,
        ValueFilter,
        MerchantFilter,
    ]
    list_select_related = [
        "merchant",
        "owner",
        "shipment__order__ship_to",
        "shipment__order__purchase__supplier",
    ]
    search_fields = [
        "=shipment__code",
        "=shipment__tracking_number",
        "=shipment__order__number",
        "^shipment__order__ship_to__name",
        "=carrier",
        "=lane",
    ]
    search_help_text = "Parcel code, tracking number, order number, name, carrier, or destination like DE-80"
    ordering = ["-score", "pk"]
    actions = [
        "write",
        "ask_carrier",
        "take",
        "give",
        "tomorrow",
        "three_days",
        "next_week",
        "false_alarm",
        "arrived",
    ]
    change_list_template = "shipping/admin/late_list.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LateList

    def get_urls(self) -> list[URLPattern]:
        return [*saved.urls(self), *case_page.urls(self), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return case_page.case_view(self, request, object_id)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request,
            (extra_context or {})
            | {"saved_views": saved.views_of(request), "view_query": saved.query_of(request)},
        )

    @admin.display(description="parcel")
    def parcel(self, case: LateCase) -> SafeString:
        order = case.shipment.order
        purchase = getattr(order, "purchase", None)
        whom = f"{order.ship_to.name}, {order.ship_to.country}"
        return format_html(
            '{}<span class="under">{}</span><span class="under clip" dir="auto">{}</span>',
            link_to(case, case.shipment.code),
            link_to(purchase or order),
            f"from {purchase.supplier.name}" if purchase else whom,
        )

    @admin.display(description="why", ordering="-score")
    def why(self, case: LateCase) -> SafeString:
        more = format_html(' <span class="more" title="{}">+{}</span>', _also(case), len(case.also))
        said = pill(case.rule, LateRule(case.rule).brief)
        return format_html(
            '{}{}<span class="under">{}</span>', said, more if case.also else "", case.explanation
        )

    @admin.display(description="whose days")
    def blame_bar(self, case: LateCase) -> SafeString | str:
        return case_page.bar(case) or "–"

    @admin.display(description="late for", ordering="-since")
    def late_for(self, case: LateCase) -> str:
        hours = int(((case.closed_at or timezone.now()) - case.since).total_seconds() // 3600)
        return f"{hours // 24} d {hours % 24} h" if hours >= 24 else f"{hours} h"

    @admin.display(description="carrier", ordering="carrier")
    def carried_by(self, case: LateCase) -> SafeString | str:
        if not case.shipment.carrier and not case.shipment.tracking_number:
            return "–"
        return format_html(
            '{}<span class="under">{}</span>', case.shipment.carrier or "–", case.shipment.tracking_number
        )

    @admin.display(description="value", ordering="-value")
    def worth(self, case: LateCase) -> str:
        return f"{case.value:,.0f} {case.shipment.order.currency}"

    @admin.display(description="owner", ordering="owner__username")
    def owner_name(self, case: LateCase) -> str:
        return (case.owner.get_full_name() or case.owner.get_username()) if case.owner else "–"

    @admin.display(description="our target", ordering="due_at")
    def target(self, case: LateCase) -> SafeString | str:
        return case_page.clock(case, timezone.now())

    @admin.action(description="Write to their customers", permissions=["edit"])
    def write(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> HttpResponse:
        return _to_letters(request, queryset, "customer")

    @admin.action(description="Ask their carriers", permissions=["edit"])
    def ask_carrier(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> HttpResponse:
        return _to_letters(request, queryset, "carrier")

    @admin.action(description="Take them: I own these", permissions=["edit"])
    def take(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        user: Any = request.user
        bulk.each(self, request, queryset, "taken", lambda ids, **by: handle.own_all(ids, user, **by))

    @admin.action(description="Give them to a colleague …", permissions=["edit"])
    def give(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> HttpResponse | None:
        return bulk.give(self, request, queryset)

    @admin.action(description="Snooze until tomorrow", permissions=["edit"])
    def tomorrow(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._snooze(request, queryset, 1)

    @admin.action(description="Snooze for three days", permissions=["edit"])
    def three_days(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._snooze(request, queryset, 3)

    @admin.action(description="Snooze for a week", permissions=["edit"])
    def next_week(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._snooze(request, queryset, 7)

    @admin.action(description="Close as a false alarm", permissions=["edit"])
    def false_alarm(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._settle(request, queryset, LateOutcome.FALSE_ALARM)

    @admin.action(description="Close as arrived", permissions=["edit"])
    def arrived(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._settle(request, queryset, LateOutcome.ARRIVED)

    def _snooze(self, request: HttpRequest, queryset: QuerySet[LateCase], days: int) -> None:
        bulk.each(self, request, queryset, "snoozed", partial(handle.snooze_all, days=days))

    def _settle(self, request: HttpRequest, queryset: QuerySet[LateCase], outcome: str) -> None:
        bulk.each(self, request, queryset, "closed", lambda ids, **by: handle.settle_all(ids, outcome, **by))


def _also(case: LateCase) -> str:
    return "; ".join(f"{LateRule(one['rule']).label}: {one['explanation']}" for one in case.also)


def _to_letters(request: HttpRequest, queryset: QuerySet[LateCase], to: str) -> HttpResponse:
    token = choose(request, queryset.order_by("-score", "pk").values_list("pk", flat=True))
    return HttpResponseRedirect(f"{reverse('admin:notifications_letter_write')}?to={to}&chosen={token}")


@admin.register(LatePolicy)
class LatePolicyAdmin(WalledAdmin):
    """A shop's thresholds, and its morning's mail."""

    change_right = add_right = Can.MANAGE
    list_display = ["merchant", "risk_from", "silent_times", "target_hours", "digest", "digest_at"]
    list_filter = ["digest", MerchantFilter]
    search_fields = ["merchant__name"]
    fieldsets = [
        (None, {"fields": ["merchant", "target_hours"]}),
        ("The shop", {"fields": ["handover_grace_hours"]}),
        (
            "The carrier",
            {"fields": ["silent_times", "customs_days", "hold_days", "attempt_hours", "carrier_word_hours"]},
        ),
        ("The promise", {"fields": ["promise_grace_days", "slipped_days", "risk_from"]}),
        ("The customer", {"fields": ["low_rating"]}),
        ("Rules not used", {"fields": ["off"]}),
        ("Every morning", {"fields": ["digest", "digest_at", "all_clear"]}),
    ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "off":
            from django import forms

            return forms.TypedMultipleChoiceField(
                choices=LateRule.choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                label="Rules not used",
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)
