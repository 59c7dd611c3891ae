"""When a merchant should have handed an order over: its cut-off, handling days and holidays."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from orders.models import Merchant


@lru_cache(maxsize=512)
def _holidays(country: str, year: int) -> frozenset[date]:
    """Public holidays of a country by the `holidays` library; an unknown country has none."""
    import holidays

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


def is_holiday(day: date, country: str) -> bool:
    """A public holiday there."""
    return day in _holidays(country, day.year)


@lru_cache(maxsize=512)
def _weekend(country: str) -> frozenset[int]:
    """Friday and Saturday in Egypt, Saturday and Sunday in most places; Monday is 0."""
    import holidays

    try:
        return frozenset(holidays.country_holidays(country).weekend)
    except NotImplementedError:
        return frozenset({5, 6})


def is_business_day(day: date, country: str) -> bool:
    """No weekend there and no public holiday."""
    return day.weekday() not in _weekend(country) and day not in _holidays(country, day.year)


def add_business_days(day: date, count: int, country: str) -> date:
    """The `count`-th business day after `day`; with 0, `day` itself or the next business day."""
    while not is_business_day(day, country):
        day += timedelta(days=1)
    for _ in range(count):
        day += timedelta(days=1)
        while not is_business_day(day, country):
            day += timedelta(days=1)
    return day


def business_days_between(start: date, end: date, country: str) -> int:
    """Business days after `start` up to and with `end`; 0 when `end` is not later."""
    if (end - start).days > 400:
        return (end - start).days * 5 // 7  # too long ago for single holidays to matter
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(is_business_day(day, country) for day in days)


def business_hours_after(start: datetime, hours: int, zone: ZoneInfo, country: str) -> datetime:
    """The first moment (UTC) by which `hours` business hours have passed since `start`.

    Every hour of a business day counts, by the calendar of `zone`, from midnight to midnight; none of a
    weekend or public holiday does. Hours are hours of a clock that is never set: the day on which summer time
    begins has 23, the one on which it ends 25. With 0 hours: `start` itself.
    """
    at, left = start.astimezone(UTC), timedelta(hours=hours)
    day = start.astimezone(zone).date()
    while left:
        tomorrow = day + timedelta(days=1)
        midnight = datetime.combine(tomorrow, time(0), tzinfo=zone).astimezone(UTC)
        if is_business_day(day, country):
            if at + left <= midnight:
                return at + left
            left -= max(midnight - at, timedelta(0))
        at, day = max(midnight, at), tomorrow
    return at


def ship_by(merchant: "Merchant", placed_at: datetime) -> datetime:
    """The end (UTC) of the business day, in the merchant's zone, by which the parcel should be handed over."""
    local = placed_at.astimezone(merchant.tz)
    start = local.date()
    cutoff = (
        merchant.cutoff if isinstance(merchant.cutoff, time) else time.fromisoformat(str(merchant.cutoff))
    )
    if is_business_day(start, merchant.holiday_country) and local.time() >= cutoff:
        start += timedelta(days=1)
    last = add_business_days(start, merchant.handling_days, merchant.holiday_country)
    return datetime.combine(last, time(23, 59, 59), tzinfo=merchant.tz).astimezone(UTC)
