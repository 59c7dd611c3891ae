"""Figures of a span of days, from the daily sums."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Sum

from shipping.models import DailyFigure
from shipping.scorecard.figures import COUNTS, Sums

GROUPS = {
    "carrier": "Carrier",
    "service": "Service",
    "lane": "Destination",
    "product": "Product",
    "week": "Week",
}


@dataclass(frozen=True)
class Question:
    """`merchants` are ids that the person may see; `first` and `last` are days of the shop's calendar."""

    merchants: tuple[int, ...]
    first: date
    last: date
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def before(self) -> "Question":
        """The same question of the span of the same length before."""
        days = (self.last - self.first).days + 1
        span = timedelta(days=days)
        return Question(self.merchants, self.first - span, self.last - span, self.filters)


def rows(question: Question, *, by_product: bool = False) -> QuerySet[DailyFigure]:
    found = DailyFigure.objects.filter(
        merchant__in=question.merchants, day__gte=question.first, day__lte=question.last
    )
    product = question.filters.get("product")
    found = found.exclude(sku="") if by_product and not product else found.filter(sku=product or "")
    wanted = {
        name: value
        for name, value in question.filters.items()
        if name in ("carrier", "service", "lane") and value
    }
    return found.filter(**wanted)


def by(question: Question, group: str, *, parts: bool = True) -> dict[str, Sums]:
    """Sums by carrier, service, lane, product or week (its Monday, ISO 8601). The database adds up: one query for the counts, and
    another, which takes several times as long, for blame, hours and ratings if `parts` are wanted."""
    column = {"product": "sku", "week": "day"}.get(group, group)
    asked = rows(question, by_product=group == "product").order_by()
    found: dict[str, Sums] = defaultdict(Sums)

    def name(key: Any) -> str:
        return monday(key).isoformat() if group == "week" else key

    for key, *counts in asked.values_list(column).annotate(*(Sum(one) for one in COUNTS)):
        found[name(key)].counts.update(dict(zip(COUNTS, counts, strict=True)))
    for kind, key, part, many in _parts(asked, column) if parts else ():
        getattr(found[name(key)], kind)[part if kind == "blame" else int(part)] += many
    return dict(found)


PARTED = ("blame", "hours", "ratings", "late_ratings")


def _parts(asked: QuerySet[DailyFigure], column: str) -> Iterable[tuple[str, Any, str, int]]:
    """What is kept as {"name": number}, added up by kind, group and name."""
    each = "jsonb_each_text" if connection.vendor == "postgresql" else "json_each"
    try:
        told, given = asked.values_list(column, *PARTED).query.sql_with_params()
    except EmptyResultSet:
        return
    added = " UNION ALL ".join(
        f"SELECT '{kind}', told.grouped, part.key, SUM(CAST(part.value AS bigint)) FROM told, {each}(told.{kind}) AS part"  # noqa: S608
        " GROUP BY told.grouped, part.key"
        for kind in PARTED
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH told (grouped, {', '.join(PARTED)}) AS ({told}) {added}", given)
        for kind, key, part, many in cursor.fetchall():
            yield kind, _day(key) if column == "day" else key, part, int(many)


def _day(key: Any) -> date:
    """SQLite has no days, only their text."""
    return key if isinstance(key, date) else date.fromisoformat(key)


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def choices(question: Question) -> dict[str, list[str]]:
    """What the filters offer: the carriers, services and destinations of these days."""
    plain = Question(question.merchants, question.first, question.last)
    found = rows(plain).order_by()
    return {
        name: sorted(value for value in _distinct(found.values_list(name, flat=True).distinct()) if value)
        for name in ("carrier", "service", "lane")
    }


def _distinct(values: Iterable[str]) -> Iterable[str]:
    return list(values)[:500]
