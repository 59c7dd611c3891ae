"""Filters of the parcels' list that the scorecard's figures lead to: ended in a span of days, and how."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from shipping.lateness.blame import PART_NAMES, PARTS

WAYS = {
    "judged": ("Had a promise", Q(outcome__judged=True)),
    "late": ("Came late", Q(outcome__judged=True, outcome__on_time=False)),
    "on_time": ("Came on time", Q(outcome__on_time=True)),
    "unkept": ("Promise not kept", Q(outcome__judged=True, outcome__kept=False)),
    "attempts": ("Not at the first attempt", Q(outcome__delivered=True, outcome__first_attempt=False)),
    "exception": ("With an exception", Q(outcome__exception=True)),
    "returned": ("Returned", Q(outcome__returned=True)),
    "delayed": ("With late days", Q(outcome__late__gt=0)),
    "timed": ("Delivered", Q(outcome__transit__isnull=False)),
    "rated-late": ("Rated, and late", Q(rating__isnull=False, outcome__judged=True, outcome__on_time=False)),
    "rated-in-time": (
        "Rated, and not late",
        Q(rating__isnull=False, outcome__isnull=False) & ~Q(outcome__judged=True, outcome__on_time=False),
    ),
    "rated": ("Rated", Q(rating__isnull=False, outcome__isnull=False)),
    **{
        f"rated-{score}": (f"Rated {score} of 5", Q(rating__score=score, outcome__isnull=False))
        for score in range(5, 0, -1)
    },
    **{
        f"blame-{part}": (f"Late days: {PART_NAMES[part].lower()}", Q(outcome__blame__has_key=part))
        for part in PARTS
    },
}


class CameFilter(admin.SimpleListFilter):
    """How finished parcels came out."""

    title, parameter_name = "how it came", "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in WAYS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(WAYS[str(self.value())][1]) if self.value() in WAYS else queryset


class _Given(admin.SimpleListFilter):
    """A filter that other pages' links set; as a choice it shows only what is set."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(str(self.parameter_name), "")
        return [(value, value)] if value else []


class EndedFilter(_Given):
    title, parameter_name = "ended", "ended"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        first, _, last = str(self.value()).partition("~")
        try:
            span = (date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            return queryset.none()
        return queryset.filter(outcome__day__range=span)


class OfCarrier(_Given):
    title, parameter_name, column = "carrier", "of_carrier", "carrier"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(**{f"outcome__{self.column}": "" if value == "-" else value})


class OfService(OfCarrier):
    title, parameter_name, column = "service", "of_service", "service"


class OfLane(OfCarrier):
    title, parameter_name, column = "destination", "of_lane", "lane"


class OfProduct(_Given):
    title, parameter_name = "product", "of_product"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        return queryset.filter(lines__order_line__sku=self.value(), outcome__isnull=False).distinct()


FROM_THE_SCORECARD = [CameFilter, EndedFilter, OfCarrier, OfService, OfLane, OfProduct]
