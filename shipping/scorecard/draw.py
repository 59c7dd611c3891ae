"""The scorecard's pictures as numbers in units of their own drawing (pure). The template only writes them down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shipping.scorecard.figures import Share

WIDE, HIGH, FOOT, LEFT, TOP = 460, 150, 24, 44, 20
ROW, NAME, WORDS = 30, 112, 96
BAR = 14


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
    url: str = ""


@dataclass(frozen=True)
class Picture:
    """`left` and `room` are where the marks begin and how far they may reach."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    left: float = 0
    room: float = 0

    @property
    def lines(self) -> list[tuple[str, float]]:
        """The grid of columns of shares: words and height, from 100 % down."""
        return [(f"{part} %", TOP + HIGH * (100 - part) / 100) for part in (100, 50, 0)]


def linked(picture: Picture, urls: Mapping[str, str]) -> Picture:
    """With where each mark leads, by its name."""
    marks = (replace(mark, url=urls.get(mark.name, "")) for mark in picture.marks)
    return replace(picture, marks=tuple(marks))


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def bars(rows: Sequence[tuple[str, Share]]) -> Picture:
    """Shares from left to right, each with its interval."""
    room = WIDE - NAME - WORDS
    marks = []
    for place, (name, share) in enumerate(rows):
        if share.value is None or share.low is None or share.high is None:
            continue
        top = place * ROW + (ROW - BAR) / 2
        marks.append(
            Mark(name, f"{percent(share.value)} of {share.of:,}", NAME, top, round(share.value * room, 1), BAR,
                 round(NAME + share.low * room, 1), round(NAME + share.high * room, 1), top + BAR / 2)
        )  # fmt: skip
    return Picture(WIDE, len(rows) * ROW, tuple(marks), NAME, room)


def columns(rows: Sequence[tuple[str, Share]]) -> Picture:
    """Shares upwards, one column a week."""
    step = (WIDE - LEFT) / max(1, len(rows))
    wide = min(44.0, step * 0.6)
    marks = []
    for place, (name, share) in enumerate(rows):
        if share.value is None or share.low is None or share.high is None:
            continue
        x, tall, foot = LEFT + place * step + (step - wide) / 2, share.value * HIGH, TOP + HIGH
        marks.append(
            Mark(name, f"{percent(share.value)} of {share.of:,}", round(x, 1), round(foot - tall, 1), round(wide, 1), round(tall, 1),
                 round(foot - share.high * HIGH, 1), round(foot - share.low * HIGH, 1), round(x + wide / 2, 1))
        )  # fmt: skip
    return Picture(WIDE, TOP + HIGH + FOOT, tuple(marks), LEFT, WIDE - LEFT)


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
    room = WIDE - NAME - WORDS
    marks = [
        Mark(f"{score} of 5", f"{ratings.get(score, 0):,} of {total:,}", NAME, place * ROW + (ROW - BAR) / 2,
             round(ratings.get(score, 0) / most * room, 1), BAR, middle=place * ROW + ROW / 2)
        for place, score in enumerate((5, 4, 3, 2, 1))
    ]  # fmt: skip
    return Picture(WIDE, 5 * ROW, tuple(marks), NAME, room)
