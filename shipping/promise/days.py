"""On which days parcels move and are brought to the door (pure)."""

from collections.abc import Callable
from datetime import date, timedelta

from orders.handling import is_business_day, is_holiday

_TO_SATURDAY, _DAILY = frozenset(range(6)), frozenset(range(7))
DELIVERS = {
    "usps": _TO_SATURDAY, "dhl": _TO_SATURDAY, "royal mail": _TO_SATURDAY, "colissimo": _TO_SATURDAY, "postnl": _TO_SATURDAY,
    "amazon": _DAILY, "ontrac": _DAILY,
}  # fmt: skip
"""Weekdays (Monday is 0) on which a carrier brings ordinary parcels, as its own pages for recipients say. Of a carrier that is
not here only the business days of the country are counted on."""


def brings(carrier: str, day: date, country: str) -> bool:
    """Whether the carrier may come to a door in that country on that day."""
    known = DELIVERS.get(carrier.strip().lower())
    if known is None:
        return is_business_day(day, country)
    return day.weekday() in known and not is_holiday(day, country)


def next_brought(day: date, carrier: str, country: str) -> date:
    """That day or the next on which it can come. What is learned from a carrier's past knows its weekends better than a guess,
    so of an unknown carrier only the holidays count."""
    if carrier.strip().lower() in DELIVERS:
        return _first(day, lambda at: brings(carrier, at, country))
    return _first(day, lambda at: not is_holiday(at, country))


def after(day: date, count: int, *, carrier: str, origin: str, destination: str) -> date:
    """The `count`-th day after `day` on which the parcel gets on: no holiday at either end, and the carrier at work."""

    def works(at: date) -> bool:
        return brings(carrier, at, destination) and not (origin != destination and is_holiday(at, origin))

    day = _first(day, works)
    for _ in range(count):
        day = _first(day + timedelta(days=1), works)
    return day


def _first(day: date, fits: Callable[[date], bool]) -> date:
    while not fits(day):
        day += timedelta(days=1)
    return day
