"""Carriers' clocks and calendars (pure)."""

from dataclasses import replace
from datetime import datetime, timedelta

from shipping.carriers.base import Reading

AHEAD = timedelta(hours=26)
"""A wall clock read in the wrong zone is at most this far ahead: zones reach from UTC-12 to UTC+14."""
A_YEAR = timedelta(days=366)
"""No parcel is promised for a day further off: years 1, 1970 and 9999 are how machines write that they know of none."""


def believable(reading: Reading, heard: datetime) -> Reading:
    """The reading with a time and a day that can be. Nothing is heard before it happens: a time more than `AHEAD` later than
    `heard` comes from a broken clock, and all that it says is that the thing had happened when it was heard."""
    if reading.occurred_at - heard > AHEAD:
        reading = replace(reading, occurred_at=heard, told_at=reading.told_at or reading.occurred_at)
    if reading.eta and abs(reading.eta - reading.occurred_at.date()) > A_YEAR:
        reading = replace(reading, eta=None)
    return reading
