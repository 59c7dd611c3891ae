"""Business hours: every hour of a business day, by a clock that is never set."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.handling import business_hours_after, is_business_day

BERLIN = ZoneInfo("Europe/Berlin")


def local(*parts, zone=BERLIN):
    return datetime(*parts, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (local(2026, 3, 3, 16, 10), 12, local(2026, 3, 4, 4, 10)),  # Tuesday to Wednesday
        (local(2026, 3, 6, 16, 0), 12, local(2026, 3, 9, 4, 0)),  # over a weekend
        (local(2026, 3, 6, 12, 0), 12, local(2026, 3, 7)),  # ends with Friday
        (local(2026, 3, 7, 9, 0), 1, local(2026, 3, 9, 1, 0)),  # begun on a Saturday
        (local(2026, 4, 2, 18, 0), 8, local(2026, 4, 7, 2, 0)),  # Good Friday to Easter Monday
        (local(2026, 12, 31, 23, 0), 2, local(2027, 1, 4, 1, 0)),  # New Year's Day is a Friday
        (local(2026, 3, 7, 9, 0), 0, local(2026, 3, 7, 9, 0)),  # no hours pass at once
    ],
)
def test_hours_of_business_days(start, hours, end):
    assert business_hours_after(start, hours, BERLIN, "DE") == end


def test_days_that_are_longer_or_shorter():
    # Cairo moves its clocks at midnight, on a Friday (which our Monday-to-Friday week counts as business).
    cairo = ZoneInfo("Africa/Cairo")
    start = local(2026, 4, 23, 12, 0, zone=cairo)  # the day after begins at 01:00
    assert business_hours_after(start, 12 + 23, cairo, "XX") == local(2026, 4, 25, zone=cairo)
    assert business_hours_after(start, 24, cairo, "XX") == start + timedelta(hours=24)
    # October's clock is set back at the end of a Thursday: that day has 25 hours.
    start = local(2026, 10, 29, 0, 0, zone=cairo)
    assert business_hours_after(start, 25, cairo, "XX") == local(2026, 10, 30, zone=cairo)


def hour_by_hour(start, hours, zone, country):
    """The same by walking: each minute counts when the day it lies in is a business day."""
    at, left = start, hours * 60
    while left:
        left -= is_business_day(at.astimezone(zone).date(), country)
        at += timedelta(minutes=1)
    return at


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Asia/Kathmandu", "America/Havana",
                         "Pacific/Auckland", "Australia/Lord_Howe"])  # fmt: skip
minutes = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)


@given(minutes, st.integers(0, 60), zones.map(ZoneInfo), st.sampled_from(["DE", "US", "EG", "XX"]))
def test_it_is_what_walking_minute_by_minute_gives(start, hours, zone, country):
    assert business_hours_after(start, hours, zone, country) == hour_by_hour(start, hours, zone, country)


@given(minutes, st.integers(0, 300), st.integers(0, 300), zones.map(ZoneInfo))
def test_more_hours_are_never_earlier(start, some, more, zone):
    end = business_hours_after(start, some, zone, "DE")
    assert start + timedelta(hours=some) <= end <= business_hours_after(start, some + more, zone, "DE")
    assert business_hours_after(end, more, zone, "DE") == business_hours_after(start, some + more, zone, "DE")


def test_the_library_knows_these_holidays():
    assert not is_business_day(date(2026, 4, 3), "DE") and not is_business_day(date(2027, 1, 1), "DE")
