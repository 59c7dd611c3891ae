"""The queue of cases as it is asked for: facets counted in one statement, whatever the number of facets."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

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


FACETS = ("rule", "carrier", "lane", "owner", "age", "value")


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


def facets(
    cases: QuerySet[LateCase], chosen: Mapping[str, str], *, now: datetime, key: str = ""
) -> dict[str, Counter[str]]:
    """For each facet how many cases there are of each of its values, as the others are `chosen`: one statement, which reads the
    cases once. With a `key` (whose view it is) the counts of a very long queue are kept for a minute."""
    wanted = {name: chosen[name] for name in FACETS if chosen.get(name)}
    name = f"late-facets:{sha256(repr((key, sorted(wanted.items()))).encode()).hexdigest()}"
    if key and (kept := cache.get(name)):
        return kept
    found: dict[str, Counter[str]] = {facet: Counter() for facet in FACETS}
    try:
        sql, given = _counting(cases, wanted, now)
    except EmptyResultSet:
        return found
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        for facet, value, count in cursor.fetchall():
            found[facet][value] = count
    if key and found["rule"].total() > MANY:
        cache.set(name, found, 60)
    return found


def _counting(cases: QuerySet[LateCase], wanted: Mapping[str, str], now: datetime) -> tuple[str, list[Any]]:
    rows, given = (
        cases.order_by()
        .values_list("rule", "carrier", "lane", "owner", "since", "value")
        .query.sql_with_params()
    )
    days = [connection.ops.adapt_datetimefield_value(now - timedelta(days=days)) for days in (1, 3, 7)]
    parts, more = [], []
    for facet in FACETS:
        others = [(name, value) for name, value in wanted.items() if name != facet]
        where = " AND ".join(f"{name} = %s" for name, _ in others) or "1 = 1"
        parts.append(f"SELECT '{facet}', {facet}, COUNT(*) FROM told WHERE {where} GROUP BY {facet}")  # noqa: S608
        more += [value for _, value in others]
    sql = (
        f"WITH found (rule, carrier, lane, owner, since, worth) AS ({rows}),"  # noqa: S608
        " told AS (SELECT rule, carrier, lane, COALESCE(CAST(owner AS text), %s) AS owner,"
        " CASE WHEN since > %s THEN 'day' WHEN since > %s THEN 'three' WHEN since > %s THEN 'week' ELSE 'older' END AS age,"
        " CASE WHEN worth >= 1000 THEN 'thousands' WHEN worth >= 200 THEN 'hundreds' WHEN worth >= 50 THEN 'some'"
        " ELSE 'little' END AS value FROM found) " + " UNION ALL ".join(parts)
    )
    return sql, [*given, NOBODY, *days, *more]
