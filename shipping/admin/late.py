"""The merchant's queue: parcels that are late or in trouble, worst and most valuable first."""

from collections import Counter
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, pill
from orders.models import User
from orders.roles import Can
from shipping.admin import case as case_page
from shipping.admin import views as saved
from shipping.lateness import handle, queue
from shipping.lateness.rules import SEVERITY
from shipping.models import LateCase, LatePolicy
from shipping.status import LateOutcome, LateRule

MOST_CHOICES = 24  # of a facet; the search finds what is rarer


class StateFilter(admin.SimpleListFilter):
    """Open and not snoozed, unless one asks for others."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("mine", "Mine"),
            ("overdue", "Over our own target"),
            ("snoozed", "Snoozed"),
            ("closed", "Closed"),
            ("all", "All"),
        ]

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
        return queryset.filter(in_state(self.value(), request.user))


def in_state(state: str | None, user: Any) -> Q:
    now = timezone.now()
    is_open = Q(closed_at__isnull=True)
    awake = is_open & (Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now))
    found: dict[str, Q] = {
        "mine": awake & Q(owner=user.pk),
        "overdue": awake & Q(due_at__lt=now),
        "snoozed": is_open & Q(snoozed_until__gt=now),
        "closed": Q(closed_at__isnull=False),
        "all": Q(),
    }
    return found.get(state or "", awake)


class FacetFilter(admin.SimpleListFilter):
    """A filter whose choices are counted, as the other filters are chosen. All of them share one count."""

    facet = ""

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.request = request
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counts = _facets(request)[self.facet].copy()
        wanted = request.GET.get(self.facet, "")
        if wanted and wanted not in counts:
            counts[wanted] = 0
        names = self.names(counts)
        shown = [value for value in sorted(counts, key=self.order(counts)) if value in names and value]
        shown = [value for at, value in enumerate(shown) if at < MOST_CHOICES or value == wanted]
        return [(value, f"{names[value]} ({counts[value]:,})") for value in shown]

    def names(self, counts: Any) -> dict[str, str]:
        return {value: value for value in counts}

    def order(self, counts: Any) -> Any:
        return lambda value: (-counts[value], value)

    def has_output(self) -> bool:
        return True


class RuleFilter(FacetFilter):
    title, parameter_name, facet = "why", "rule", "rule"

    def names(self, counts: Any) -> dict[str, str]:
        return {rule.value: rule.brief for rule in LateRule}

    def order(self, counts: Any) -> Any:
        return lambda value: (-SEVERITY.get(value, 0), value)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(rule=self.value()) if self.value() else queryset


class CarrierFilter(FacetFilter):
    title, parameter_name, facet = "carrier", "carrier", "carrier"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(carrier=self.value()) if self.value() else queryset


class LaneFilter(FacetFilter):
    title, parameter_name, facet = "to", "lane", "lane"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(lane=self.value()) if self.value() else queryset


class OwnerFilter(FacetFilter):
    title, parameter_name, facet = "owner", "owner", "owner"

    def names(self, counts: Any) -> dict[str, str]:
        ids = [int(value) for value in counts if value.isascii() and value.isdigit()]
        people = User.objects.filter(pk__in=ids)
        return {queue.NOBODY: "Nobody"} | {
            str(one.pk): one.get_full_name() or one.get_username() for one in people
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return queryset
        if value == queue.NOBODY:
            return queryset.filter(owner__isnull=True)
        return queryset.filter(owner=int(value)) if value.isascii() and value.isdigit() else queryset.none()


class AgeFilter(FacetFilter):
    title, parameter_name, facet = "age", "age", "age"

    def names(self, counts: Any) -> dict[str, str]:
        return queue.AGE_NAMES

    def order(self, counts: Any) -> Any:
        return _place(queue.AGES)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = self.value() in queue.AGES
        return queryset.filter(queue.chosen_age(str(self.value()), timezone.now())) if known else queryset


class ValueFilter(FacetFilter):
    title, parameter_name, facet = "customer’s value", "value", "value"

    def names(self, counts: Any) -> dict[str, str]:
        return queue.VALUE_NAMES

    def order(self, counts: Any) -> Any:
        return _place(queue.VALUES)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        known = self.value() in queue.VALUES
        return queryset.filter(queue.chosen_value(str(self.value()))) if known else queryset


def _place(values: tuple[str, ...]) -> Any:
    return lambda value: values.index(value) if value in values else len(values)


def _facets(request: Any) -> dict[str, Counter[str]]:
    if not hasattr(request, "late_facets"):
        state, shop = request.GET.get("state"), request.GET.get("merchant", "")
        cases = LateCase.objects.visible_to(request.user).filter(in_state(state, request.user))
        if shop:
            cases = cases.filter(merchant=int(shop)) if shop.isascii() and shop.isdigit() else cases.none()
        chosen = {name: request.GET.get(name, "") for name in queue.FACETS}
        key = f"{request.user.pk}:{state}:{shop}"
        request.late_facets = queue.facets(cases, chosen, now=timezone.now(), key=key)
    return request.late_facets


class LateList(ChangeList):
    """Reads of the rows beside a case what the list shows of them: a dozen columns, not two hundred."""

    def apply_select_related(self, qs: Any) -> Any:
        own = [field.name for field in LateCase._meta.concrete_fields]
        return super().apply_select_related(qs).only(*own, *SHOWN_BESIDE)


SHOWN_BESIDE = (
    "merchant__name", "owner__username", "owner__first_name", "owner__last_name", "shipment__code", "shipment__carrier",
    "shipment__tracking_number", "shipment__order__number", "shipment__order__currency", "shipment__order__ship_to__name",
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
    ]
    search_help_text = "Parcel code, tracking number, order number or name"
    ordering = ["-score", "pk"]
    actions = [
        "write",
        "ask_carrier",
        "take",
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
        return _to_letters(queryset, "customer")

    @admin.action(description="Ask their carriers", permissions=["edit"])
    def ask_carrier(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> HttpResponse:
        return _to_letters(queryset, "carrier")

    @admin.action(description="Take them: I own these", permissions=["edit"])
    def take(self, request: HttpRequest, queryset: QuerySet[LateCase]) -> None:
        self._each(request, queryset, "taken", lambda pk, **by: handle.own(pk, request.user, **by))  # type: ignore[arg-type]

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
        now = timezone.now()
        mornings = {
            case.pk: handle.morning(case.merchant, now, days) for case in queryset.select_related("merchant")
        }
        self._each(request, queryset, "snoozed", lambda pk, **by: handle.snooze(pk, mornings[pk], **by))

    def _settle(self, request: HttpRequest, queryset: QuerySet[LateCase], outcome: str) -> None:
        self._each(request, queryset, "closed", lambda pk, **by: handle.settle(pk, outcome, **by))

    def _each(self, request: HttpRequest, queryset: QuerySet[LateCase], verb: str, act: Any) -> None:
        user, now = request.user, timezone.now()
        mine, others = handle.allowed(list(queryset.select_related("merchant")), user, Can.EDIT)
        by = {"author": user.get_username(), "now": now}
        refused = [done.refused for case in mine if (done := act(case.pk, **by)).refused]
        done = len(mine) - len(refused)
        said = f"{done} case{'' if done == 1 else 's'} {verb}."
        said += f" {others} you may not change." if others else ""
        said += f" {len(refused)} not: {refused[0]}" if refused else ""
        self.message_user(request, said)


def _also(case: LateCase) -> str:
    return "; ".join(f"{LateRule(one['rule']).label}: {one['explanation']}" for one in case.also)


def _to_letters(queryset: QuerySet[LateCase], to: str) -> HttpResponse:
    ids = ",".join(str(pk) for pk in queryset.order_by("-score").values_list("pk", flat=True)[:500])
    return HttpResponseRedirect(f"{reverse('admin:notifications_letter_write')}?to={to}&cases={ids}")


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
        ("The carrier", {"fields": ["silent_times", "customs_days", "hold_days", "attempt_hours"]}),
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
