"""The filters of the queue: its state, and facets that count what the others leave."""

from collections import Counter
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.models import User
from shipping.lateness import queue
from shipping.lateness.rules import SEVERITY
from shipping.models import LateCase
from shipping.status import LateRule

MOST_CHOICES = 24  # of a facet; the search finds the carriers and destinations that are rarer


NOT_YET = (LateRule.AT_RISK, LateRule.SLIPPED, LateRule.LOW_RATING)
"""What may still come in time, or came and was not liked: no parcel of these is late or in trouble now."""


class StateFilter(admin.SimpleListFilter):
    """Open and not snoozed, unless one asks for others."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("late", "Late"),
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
        "late": awake & ~Q(rule__in=NOT_YET),
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
        counts = _facets(request, model_admin)[self.facet].copy()
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


def _facets(request: Any, site: Any) -> dict[str, Counter[str]]:
    """Of what the search finds, where one searches."""
    if not hasattr(request, "late_facets"):
        state, shop = request.GET.get("state"), request.GET.get("merchant", "")
        cases = LateCase.objects.visible_to(request.user).filter(in_state(state, request.user))
        if shop:
            cases = cases.filter(merchant=int(shop)) if shop.isascii() and shop.isdigit() else cases.none()
        words = request.GET.get(SEARCH_VAR, "")[:200]
        if words:
            cases, _twice = site.get_search_results(request, cases, words)
        chosen = {name: request.GET.get(name, "") for name in queue.FACETS}
        key = f"{request.user.pk}:{state}:{shop}:{words}"
        request.late_facets = queue.facets(cases, chosen, now=timezone.now(), key=key)
    return request.late_facets
