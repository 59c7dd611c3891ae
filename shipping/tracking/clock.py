"""Carriers' clocks (pure)."""

from dataclasses import replace
from datetime import datetime, timedelta

from shipping.carriers.base import Reading

AHEAD = timedelta(hours=26)
"""A wall clock read in the wrong zone is at most this far ahead: zones reach from UTC-12 to UTC+14."""


def believable(reading: Reading, heard: datetime) -> Reading:
    """The reading with a time that can be. Nothing is heard before it happens: a time more than `AHEAD` later than `heard`
    comes from a broken clock, and all that it says is that the thing had happened when it was heard."""
    if reading.occurred_at - heard <= AHEAD:
        return reading
    return replace(reading, occurred_at=heard, told_at=reading.told_at or reading.occurred_at)
