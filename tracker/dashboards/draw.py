"""The boards' pictures as numbers in units of their own drawing (pure). Templates only write them down."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, TOP, FOOT, LEFT = 480, 150, 20, 24, 30


@dataclass(frozen=True)
class Point:
    """A value with its short name under the column, its long name for readers and what stands above it."""

    label: str
    name: str
    value: float
    text: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    middle: float
    point: Point


@dataclass(frozen=True)
class Line:
    name: str
    tone: str
    path: str
    area: str
    last_x: float
    last_y: float


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Drawing:
    """What a template draws: columns, lines or the parts of one bar, with their ticks."""

    width: float = WIDTH
    height: float = TOP + HEIGHT + FOOT
    base: float = TOP + HEIGHT
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    across: tuple[Tick, ...] = ()
    up: tuple[Tick, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A drawing, the words for who does not see it, and the table behind it."""

    key: str
    title: str
    desc: str
    kind: str  # columns, lines, stack
    drawing: Drawing
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: str = ""
    legend: tuple[tuple[str, str], ...] = ()  # tone and name
    empty: str = ""

    @property
    def linked_rows(self) -> list[tuple[str, tuple[str, ...]]]:
        """The table's rows with where each leads: its bar's list, where there is a bar for each."""
        urls = [bar.point.url for bar in self.drawing.bars]
        if len(urls) != len(self.rows):
            urls = [""] * len(self.rows)
        return list(zip(urls, self.rows, strict=True))

    @property
    def leads(self) -> bool:
        return any(bar.point.url for bar in self.drawing.bars)


def columns(points: Sequence[Point], *, highest: float = 0, width: float = WIDTH) -> Drawing:
    """One column a point; the tallest, or `highest`, fills the height."""
    top = highest or max([*(point.value for point in points), 1])
    step = width / max(len(points), 1)
    wide = round(min(step * 0.66, 56), 1)

    def bar(index: int, point: Point) -> Bar:
        tall = round(HEIGHT * min(point.value / top, 1), 1)
        if point.value > 0:
            tall = max(tall, 2)
        middle = round(step * (index + 0.5), 1)
        return Bar(round(middle - wide / 2, 1), round(TOP + HEIGHT - tall, 1), wide, tall, middle, point)

    return Drawing(width=width, bars=tuple(bar(index, point) for index, point in enumerate(points)))


def stack(points: Sequence[Point], *, width: float = WIDTH, height: float = 22, gap: float = 2) -> Drawing:
    """The parts of one whole beside each other. A part that is there is wide enough to be seen and hit."""
    shown = [point for point in points if point.value > 0]
    total = sum(point.value for point in shown)
    least = 14.0
    room = width - gap * max(len(shown) - 1, 0) - least * len(shown)
    bars, x = [], 0.0
    for point in shown:
        wide = round(least + room * point.value / total, 1)
        bars.append(Bar(round(x, 1), 0, wide, height, round(x + wide / 2, 1), point))
        x += wide + gap
    return Drawing(width=width, height=height, base=height, bars=tuple(bars))


def lines(
    series: Sequence[tuple[str, str, Sequence[float | None]]],
    labels: Sequence[str],
    *,
    every: int = 1,
    width: float = WIDTH,
) -> Drawing:
    """Lines over the same steps; a None ends its line, as the hours still to come do."""
    known = [value for _, _, values in series for value in values if value is not None]
    top = nice(max([*known, 1]))
    step = (width - LEFT) / max(len(labels) - 1, 1)

    def at(index: int, value: float) -> tuple[float, float]:
        return round(LEFT + step * index, 1), round(TOP + HEIGHT * (1 - value / top), 1)

    def line(name: str, tone: str, values: Sequence[float | None]) -> Line:
        spots = [at(index, value) for index, value in enumerate(values) if value is not None]
        path = "M" + "L".join(f"{x} {y}" for x, y in spots) if spots else ""
        base = TOP + HEIGHT
        area = f"{path}L{spots[-1][0]} {base}L{spots[0][0]} {base}Z" if spots else ""
        last = spots[-1] if spots else (0.0, 0.0)
        return Line(name, tone, path, area, *last)

    return Drawing(
        width=width,
        lines=tuple(line(*one) for one in series),
        across=tuple(
            Tick(round(LEFT + step * index, 1), label)
            for index, label in enumerate(labels)
            if index % every == 0
        ),
        up=tuple(Tick(at(0, top * part)[1], f"{top * part:g}") for part in (0, 0.5, 1)),
    )


def nice(value: float) -> float:
    """The round number at or above `value` whose half is whole too: 2, 4, 6, 8, 10, 20, 40 ..."""
    size = 1
    while size * 10 < value:
        size *= 10
    return next(
        float(size * part) for part in (1, 2, 4, 6, 8, 10) if size * part >= value and size * part % 2 == 0
    )
