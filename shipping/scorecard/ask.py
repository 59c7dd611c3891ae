"""Figures of a span of days, from the daily sums."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import QuerySet

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


def by(question: Question, group: str) -> dict[str, Sums]:
    """Sums by carrier, service, lane, product or week (its Monday, ISO 8601). One query."""
    column = {"product": "sku", "week": "day"}.get(group, group)
    found: dict[str, Sums] = defaultdict(Sums)
    asked = rows(question, by_product=group == "product").order_by()
    told = asked.values_list(column, "blame", "hours", "ratings", "late_ratings", *COUNTS)
    for key, blame, hours, ratings, late_ratings, *counts in told:
        name = monday(key).isoformat() if group == "week" else key
        found[name].add(dict(zip(COUNTS, counts, strict=True)), blame, hours, ratings, late_ratings)
    return dict(found)


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
