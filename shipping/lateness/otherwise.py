"""What would have been promised, and told, had the shop promised otherwise (pure)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from orders.handling import is_business_day
from shipping.lateness.asof import Word
from shipping.lateness.facts import deadline
from shipping.models import Promise

OURS = (Promise.Source.LEARNED, Promise.Source.TABLE)


def promised(
    words: Sequence[Word],
    *,
    zone: str,
    country: str,
    moved: int = 0,
    later: int = 0,
    first: date | None = None,
) -> list[Word]:
    """The words as they would have been. `moved`: business days by which the parcel was to leave later (or earlier, below 0);
    `later`: days added to each promise of the shop's; `first`: what the first one of ours would have been instead.

    A carrier's day is its own and stays. A day that was given because another had passed is given only where the new one had
    passed as well."""
    found: list[Word] = []
    for at, word in enumerate(words):
        if word.source == Promise.Source.CARRIER:
            found.append(word)
        elif at == 0:
            ours = word.source in OURS
            day = first if first and ours else shifted(word.day, moved if ours else 0, country)
            found.append(word._replace(day=day + timedelta(days=later)))
        elif not _passed(words[at - 1].day, word.made_at, zone):
            found.append(word._replace(day=word.day + timedelta(days=later)))
        elif _passed(found[-1].day, word.made_at, zone):
            found.append(word)
    return found


def told_late(
    words: Sequence[Word], *, zone: str, there: datetime | None, delayed: bool, now: datetime
) -> bool:
    """Whether the customer would have got "delayed": the carrier called it so, a later day was given, or a day passed without
    the parcel. `there` is its first attempt or delivery."""
    until = [*(word.made_at for word in words[1:]), there or now]
    end = there or now
    ran_out = any(
        deadline(word.day, zone) < min(last, end) for word, last in zip(words, until, strict=bool(words))
    )
    later = any(two.day > one.day for one, two in pairwise(words))
    return delayed or ran_out or later


def shifted(day: date, business_days: int, country: str) -> date:
    """So many business days later, or earlier."""
    step = timedelta(days=1 if business_days > 0 else -1)
    for _ in range(abs(business_days)):
        day += step
        while not is_business_day(day, country):
            day += step
    return day


def first_there(events: Iterable[tuple[str, datetime]], at_recipient: Iterable[str]) -> datetime | None:
    """The first attempt or the delivery, of (status, when)."""
    reached = {"delivered", *at_recipient}
    return min((at for status, at in events if status in reached), default=None)


def _passed(day: date, at: datetime, zone: str) -> bool:
    return day < at.astimezone(ZoneInfo(zone)).date()
