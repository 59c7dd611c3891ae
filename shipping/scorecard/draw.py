"""The scorecard's pictures as numbers in units of their own drawing (pure). The template only writes them down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipping.scorecard.figures import Share

WIDE, HIGH, FOOT, LEFT = 640, 140, 22, 8
ROW, NAME = 26, 150


@dataclass(frozen=True)
class Mark:
    """A bar with its whisker (`low` to `high`) and words."""

    name: str
    text: str
    x: float
    y: float
    width: float
    height: float
    low: float = 0
    high: float = 0
    middle: float = 0
    tone: str = ""


@dataclass(frozen=True)
class Picture:
    width: float
    height: float
    marks: tuple[Mark, ...]


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def bars(rows: Sequence[tuple[str, Share]]) -> Picture:
    """Shares from left to right, each with its interval."""
    room = WIDE - NAME - 70
    marks = []
    for place, (name, share) in enumerate(rows):
        if share.value is None or share.low is None or share.high is None:
            continue
        top = place * ROW + 4
        marks.append(
            Mark(name, f"{percent(share.value)} of {share.of:,}", NAME, top, round(share.value * room, 1), ROW - 10,
                 round(NAME + share.low * room, 1), round(NAME + share.high * room, 1), top + (ROW - 10) / 2)
        )  # fmt: skip
    return Picture(WIDE, len(rows) * ROW + 4, tuple(marks))


def columns(rows: Sequence[tuple[str, Share]]) -> Picture:
    """Shares upwards, one column a week."""
    step = (WIDE - LEFT) / max(1, len(rows))
    wide = min(40.0, step * 0.7)
    marks = []
    for place, (name, share) in enumerate(rows):
        if share.value is None or share.low is None or share.high is None:
            continue
        x, tall = LEFT + place * step, share.value * HIGH
        marks.append(
            Mark(name, f"{percent(share.value)} of {share.of:,}", round(x, 1), round(HIGH - tall, 1), round(wide, 1), round(tall, 1),
                 round(HIGH - share.high * HIGH, 1), round(HIGH - share.low * HIGH, 1), round(x + wide / 2, 1))
        )  # fmt: skip
    return Picture(WIDE, HIGH + FOOT, tuple(marks))


def parts(rows: Sequence[tuple[str, str, float]]) -> Picture:
    """One bar of several parts."""
    total, x, marks = sum(days for _tone, _name, days in rows), 0.0, []
    for tone, name, days in rows:
        wide = WIDE * days / total if total else 0
        marks.append(Mark(name, f"{days:,.1f} d", round(x, 1), 0, round(wide, 1), 22, tone=tone))
        x += wide
    return Picture(WIDE, 22, tuple(marks))


def stars(ratings: Mapping[int, int]) -> Picture:
    """How many gave each score, five first."""
    most, total = max([1, *ratings.values()]), sum(ratings.values())
    room = WIDE - NAME - 70
    marks = [
        Mark(f"{score} of 5", f"{ratings.get(score, 0):,} of {total:,}", NAME, place * ROW + 4,
             round(ratings.get(score, 0) / most * room, 1), ROW - 10, middle=place * ROW + 4 + (ROW - 10) / 2)
        for place, score in enumerate((5, 4, 3, 2, 1))
    ]  # fmt: skip
    return Picture(WIDE, 5 * ROW + 4, tuple(marks))
