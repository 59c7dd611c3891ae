"""The land and its borders within a window of Mercator's plane, from Natural Earth's outlines (see `data/README.md`).

Across is the longitude in degrees, up is `rise` of the latitude in the same unit."""

import json
import math
import zipfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

OUTLINES = Path(__file__).parent / "data" / "outlines.zip"
LEVELS = ((26.0, "near"), (85.0, "mid"), (float("inf"), "far"))
"""Up to which width in degrees each level of detail serves."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """`west` may lie below -180 and `east` above 180, for a window over the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def wider(self, by: float) -> "Window":
        return Window(self.west - by, self.south - by, self.east + by, self.north + by)


def rise(lat: float) -> float:
    """Mercator's height above the equator, in the unit of a degree of longitude; the poles themselves are out of reach."""
    lat = max(-85.0, min(85.0, lat))
    return math.degrees(math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)))


def land(window: Window) -> Iterator[list[Point]]:
    """Rings cut to the window, each once for every turn of the globe at which it shows."""
    for shape, shift in _showing("land", window):
        ring = [(x + shift, y) for x, y in zip(shape.xs, shape.ys, strict=True)]
        cut = clipped(ring, window) if not shape.within(window, shift) else ring
        if len(cut) > 2:
            yield cut


def borders(window: Window) -> Iterator[list[Point]]:
    """Runs of border lines that touch the window; their ends may reach out of it."""
    for shape, shift in _showing("borders", window):
        run: list[Point] = []
        for x, y in zip(shape.xs, shape.ys, strict=True):
            if window.west <= x + shift <= window.east and window.south <= y <= window.north:
                run.append((x + shift, y))
            elif run:
                yield [*run, (x + shift, y)]
                run = []
        if run:
            yield run


def clipped(ring: list[Point], window: Window) -> list[Point]:
    """Sutherland and Hodgman: the ring within the window, along whose edge it is closed."""
    for axis, limit, keep_above in (
        (0, window.west, True), (0, window.east, False), (1, window.south, True), (1, window.north, False),
    ):  # fmt: skip
        ring = _cut(ring, axis, limit, keep_above)
        if not ring:
            break
    return ring


def _cut(ring: list[Point], axis: int, limit: float, keep_above: bool) -> list[Point]:
    kept: list[Point] = []
    if not ring:
        return kept
    last = ring[-1]
    was_in = (last[axis] >= limit) == keep_above
    for point in ring:
        is_in = (point[axis] >= limit) == keep_above
        if is_in != was_in:
            part = (limit - last[axis]) / (point[axis] - last[axis])
            other = last[1 - axis] + part * (point[1 - axis] - last[1 - axis])
            kept.append((limit, other) if axis == 0 else (other, limit))
        if is_in:
            kept.append(point)
        last, was_in = point, is_in
    return kept


class _Shape:
    """A line with the box around it."""

    __slots__ = ("box", "xs", "ys")

    def __init__(self, steps: list[int]) -> None:
        self.xs = array("f", (x / 100 for x in accumulate(steps[0::2])))
        self.ys = array("f", (_rises()[y + 9000] for y in accumulate(steps[1::2])))
        self.box = Window(min(self.xs), min(self.ys), max(self.xs), max(self.ys))

    def touches(self, window: Window, shift: float) -> bool:
        box = self.box
        if box.south > window.north or box.north < window.south:
            return False
        return box.west + shift <= window.east and box.east + shift >= window.west

    def within(self, window: Window, shift: float) -> bool:
        box = self.box
        if box.south < window.south or box.north > window.north:
            return False
        return box.west + shift >= window.west and box.east + shift <= window.east


@lru_cache(maxsize=1)
def _rises() -> array:
    return array("f", (rise(lat / 100) for lat in range(-9000, 9001)))


def _showing(kind: str, window: Window) -> Iterator[tuple[_Shape, float]]:
    width = window.east - window.west
    level = next(name for limit, name in LEVELS if width <= limit)
    turns = range(int((window.west - 180) // 360), int((window.east + 180) // 360) + 2)
    for turn in turns:
        for shape in _shapes(level)[kind]:
            if shape.touches(window, 360.0 * turn):
                yield shape, 360.0 * turn


@lru_cache(maxsize=len(LEVELS))
def _shapes(level: str) -> dict[str, list[_Shape]]:
    with zipfile.ZipFile(OUTLINES) as archive:
        packed = json.loads(archive.read(f"{level}.json"))
    return {kind: [_Shape(steps) for steps in lines] for kind, lines in packed.items()}
