"""The queue of cases as it is asked for: facets counted in one statement, whatever the number of facets."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When

from shipping.models import LateCase

MANY = 20_000  # open cases above which counts may be a minute old
AGES = ("day", "three", "week", "older")
AGE_NAMES = {"day": "Today", "three": "1 to 3 days", "week": "3 to 7 days", "older": "Over a week"}
VALUES = ("thousands", "hundreds", "some", "little")
VALUE_NAMES = {
    "thousands": "1,000 and more",
    "hundreds": "200 to 1,000",
    "some": "50 to 200",
    "little": "Under 50",
}
NOBODY = "none"


class Facets(NamedTuple):
    """Open cases by their facets: (rule, carrier, lane, owner id or "none", age, value band) -> how many."""

    cells: Mapping[tuple[str, ...], int]

    def counts(self, facet: str, chosen: Mapping[str, str]) -> Counter[str]:
        """How many there are of each value of one facet, as the others are chosen."""
        place = FACETS.index(facet)
        others = [(at, chosen[name]) for at, name in enumerate(FACETS) if name != facet and chosen.get(name)]
        found: Counter[str] = Counter()
        for cell, count in self.cells.items():
            if all(cell[at] == value for at, value in others):
                found[cell[place]] += count
        return found


FACETS = ("rule", "carrier", "lane", "owner", "age", "value")


def bands(now: datetime) -> dict[str, Any]:
    day, three, week = (now - timedelta(days=days) for days in (1, 3, 7))
    age = Case(
        When(since__gt=day, then=Value("day")),
        When(since__gt=three, then=Value("three")),
        When(since__gt=week, then=Value("week")),
        default=Value("older"),
        output_field=CharField(),
    )
    worth = Case(
        When(value__gte=1000, then=Value("thousands")),
        When(value__gte=200, then=Value("hundreds")),
        When(value__gte=50, then=Value("some")),
        default=Value("little"),
        output_field=CharField(),
    )
    return {"age_band": age, "value_band": worth}


def chosen_age(age: str, now: datetime) -> Q:
    day, three, week = (now - timedelta(days=days) for days in (1, 3, 7))
    return {
        "day": Q(since__gt=day),
        "three": Q(since__lte=day, since__gt=three),
        "week": Q(since__lte=three, since__gt=week),
        "older": Q(since__lte=week),
    }[age]


def chosen_value(value: str) -> Q:
    return {
        "thousands": Q(value__gte=1000),
        "hundreds": Q(value__gte=200, value__lt=1000),
        "some": Q(value__gte=50, value__lt=200),
        "little": Q(value__lt=50),
    }[value]


def facets(cases: QuerySet[LateCase], *, now: datetime, key: str = "") -> Facets:
    """Counted in one statement. With a `key` (whose view it is) the counts of a very long queue are kept for a minute."""
    name = f"late-facets:{key}"
    if key and (kept := cache.get(name)):
        return Facets(kept)
    rows: Any = (
        cases.order_by()
        .annotate(**bands(now))
        .values_list("rule", "carrier", "lane", "owner", "age_band", "value_band")  # type: ignore[misc]
        .annotate(count=Count("pk"))
    )
    cells: dict[tuple[str, ...], int] = {
        (rule, carrier, lane, str(owner or NOBODY), age, worth): count
        for rule, carrier, lane, owner, age, worth, count in rows
    }
    if key and sum(cells.values()) > MANY:
        cache.set(name, cells, 60)
    return Facets(cells)
