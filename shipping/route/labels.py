"""Puts names beside points so that none covers another name, a point, or the picture's edge (pure)."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipping.route.projection import HEIGHT, WIDTH, Point

SIZE = 28  # the letters' height, as on a phone; wider screens show them smaller
LONGEST = 22
_GAP = 18


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        return not (
            self.right <= other.left
            or other.right <= self.left
            or self.bottom <= other.top
            or other.bottom <= self.top
        )

    def in_picture(self) -> bool:
        return self.left >= 4 and self.top >= 2 and self.right <= WIDTH - 4 and self.bottom <= HEIGHT - 4


@dataclass(frozen=True)
class Label:
    """`x` and `y` are where the text is anchored, on its base line."""

    text: str
    x: float
    y: float
    anchor: str
    box: Box


def around(point: Point, reach: float = 13) -> Box:
    return Box(point[0] - reach, point[1] - reach, point[0] + reach, point[1] + reach)


def place(
    names: Iterable[tuple[str, Sequence[Point]]],
    points: Sequence[Point],
    lines: Sequence[tuple[Point, Point]],
) -> list[Label]:
    """`names` with the weightiest first, each with the points it may stand beside, the best first; one that finds no room is
    left to the list below the map. A name that was placed at the same point already is not placed again."""
    placed: list[Label] = []
    seen: set[tuple[str, Point]] = set()
    dots = [around(point) for point in points]
    for name, spots in names:
        text = short(name)
        if not text or (text, spots[0]) in seen:
            continue
        seen.add((text, spots[0]))
        for point in spots:
            fits = [
                label
                for label in _tries(text, point)
                if label.box.in_picture()
                and not any(label.box.meets(dot) for dot in dots)
                and not any(label.box.meets(other.box) for other in placed)
            ]
            if fits:
                placed.append(min(fits, key=lambda label: sum(_crosses(line, label.box) for line in lines)))
                break
    return placed


def short(name: str) -> str:
    """Printable, on one line, and cut where it is too long for a map."""
    clean = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return clean if len(clean) <= LONGEST else clean[: LONGEST - 1].rstrip() + "…"


def width(text: str) -> float:
    """An estimate on the wide side; the server has no fonts to measure with."""
    return sum(_advance(char) for char in text) * SIZE


def _advance(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.04
    if char in "mwMW@—…":
        return 0.95
    return 0.74 if char.isupper() else 0.32 if char in "iljtfI .,'’-()" else 0.62


def _tries(text: str, point: Point) -> list[Label]:
    (x, y), long = point, width(text)
    up, down = y - _GAP, y + _GAP
    middle = y + SIZE * 0.36
    low = down + SIZE * 0.72
    spots = [
        (x + _GAP, middle, "start"),
        (x - _GAP, middle, "end"),
        (x, up, "middle"),
        (x, low, "middle"),
        (x + _GAP * 0.6, up, "start"),
        (x - _GAP * 0.6, up, "end"),
        (x + _GAP * 0.6, low, "start"),
        (x - _GAP * 0.6, low, "end"),
    ]
    # Beside the edge a name in the middle may be pushed inwards and still stand above or below its point.
    for base in (up, low):
        inward = max(long / 2 + 8, min(WIDTH - 8 - long / 2, x))
        spots.append((inward, base, "middle"))
    return [Label(text, at, base, anchor, _box(long, at, base, anchor)) for at, base, anchor in spots]


def _box(long: float, x: float, base: float, anchor: str) -> Box:
    left = x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
    return Box(left, base - SIZE * 0.82, left + long, base + SIZE * 0.24)


def _crosses(line: tuple[Point, Point], box: Box) -> bool:
    """Liang and Barsky: whether some of the line lies within the box."""
    (x1, y1), (x2, y2) = line
    first, last = 0.0, 1.0
    for step, room in (
        (x1 - x2, x1 - box.left), (x2 - x1, box.right - x1), (y1 - y2, y1 - box.top), (y2 - y1, box.bottom - y1),
    ):  # fmt: skip
        if step == 0:
            if room < 0:
                return False
        elif step < 0:
            first = max(first, room / step)
        else:
            last = min(last, room / step)
    return first <= last
