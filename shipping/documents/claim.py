"""A claim at a carrier with its evidence, on as many A4 or Letter pages as it takes: what was sent, what the carrier said and
when, what was promised, whose days the late days are. Plain data in; for the carrier's people, so in English."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shipping.documents.contexts import Brand
from shipping.documents.page import DARK, GREY, Page
from shipping.documents.slip import LEFT, PAPERS
from shipping.documents.typesetting import fit, wrap

_SIZE, _STEP, _FOOT, _BAR = 8.5, 4.0, 20.0, 5.2
Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """`widths` are shares of the page's inner width."""

    title: str
    heads: Row
    widths: tuple[float, ...]
    rows: Sequence[Row]
    none: str = "None."


@dataclass(frozen=True)
class Bar:
    """`share` and its interval `low` to `high` are from 0 to 1."""

    name: str
    text: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Chart:
    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class ClaimContext:
    brand: Brand
    title: str
    subtitle: str
    facts: Sequence[tuple[str, str]]
    words: str
    tables: Sequence[Table] = field(default_factory=tuple)
    charts: Sequence[Chart] = field(default_factory=tuple)


def claim_pages(claim: ClaimContext, paper: str = "a4") -> list[Page]:
    sheet = _Sheet(*PAPERS[paper], claim)
    for name, value in claim.facts:
        sheet.pair(name, value)
    if claim.words:
        sheet.heading("What is claimed")
        sheet.text(claim.words)
    for chart in claim.charts:
        sheet.chart(chart)
    for table in claim.tables:
        sheet.table(table)
    return sheet.numbered()


class _Sheet:
    """Fills pages from top to bottom."""

    def __init__(self, width: float, height: float, claim: ClaimContext) -> None:
        self.width, self.height, self.claim = width, height, claim
        self.inner = width - 2 * LEFT
        self.pages: list[Page] = []
        self.top = 0.0
        self._next()

    def _next(self) -> None:
        page = Page(self.width, self.height)
        self.pages.append(page)
        brand = self.claim.brand
        size, lines = fit([brand.name], 90, 12, (15, 12, 10, 8), leading=1.15, bold=True)
        page.write(lines, LEFT, 14, size, leading=1.15, room=90, bold=True, colour=brand.colour)
        size, lines = fit([self.claim.title], self.inner - 94, 9, (14, 12, 10, 8), leading=1.15, bold=True)
        right = LEFT + 94
        page.write(lines, right, 14, size, leading=1.15, room=self.inner - 94, align="right", bold=True)
        page.write(self.claim.subtitle, right, 22, 8.5, room=self.inner - 94, align="right", colour=DARK)
        page.rule(LEFT, 29, self.inner, 0.8, brand.colour)
        self.top = 35.0

    def _room(self, high: float) -> None:
        if self.top + high > self.height - _FOOT:
            self._next()

    def pair(self, name: str, value: str) -> None:
        lines = wrap(value, self.inner - 48, _SIZE) or ("–",)
        self._room(len(lines) * _STEP + 1)
        page = self.pages[-1]
        page.write(name, LEFT, self.top, _SIZE, room=46, colour=GREY)
        page.write(lines, LEFT + 48, self.top, _SIZE, room=self.inner - 48)
        self.top += max(1, len(lines)) * _STEP + 0.8

    def heading(self, text: str) -> None:
        self._room(16)
        self.top += 4
        self.pages[-1].write(text, LEFT, self.top, 11, room=self.inner, bold=True)
        self.top += 6.5

    def text(self, text: str) -> None:
        for paragraph in text.splitlines():
            for line in wrap(paragraph, self.inner, _SIZE) or ("",):
                self._room(_STEP)
                self.pages[-1].write(line, LEFT, self.top, _SIZE, room=self.inner)
                self.top += _STEP

    def table(self, table: Table) -> None:
        self.heading(table.title)
        if not table.rows:
            self.text(table.none)
            return
        columns = self._columns(table.widths)
        self._heads(table.heads, columns)
        for row in table.rows:
            cells = [wrap(cell, wide - 2, _SIZE - 0.5) for cell, (_x, wide) in zip(row, columns, strict=True)]
            high = max(1, *(len(cell) for cell in cells)) * _STEP + 1.4
            if self.top + high > self.height - _FOOT:
                self._next()
                self._heads(table.heads, columns)
            for cell, (x, wide) in zip(cells, columns, strict=True):
                self.pages[-1].write(cell, x, self.top + 0.5, _SIZE - 0.5, room=wide - 2)
            self.top += high
            self.pages[-1].rule(LEFT, self.top, self.inner, 0.15)

    def chart(self, chart: Chart) -> None:
        """Bars from left to right with their intervals as thin lines."""
        if not chart.bars:
            return
        self.heading(chart.title)
        name, said = 34.0, 36.0
        room = self.inner - name - said
        for bar in chart.bars:
            self._room(_BAR)
            page, middle = self.pages[-1], self.top + _BAR / 2
            size, lines = fit([bar.name], name - 2, _BAR, (_SIZE - 0.5, 6.5), leading=1.2)
            page.write(lines[:1], LEFT, self.top + 0.6, size, room=name - 2)
            page.rule(LEFT + name, self.top + 0.5, room, _BAR - 1.4, "#eeeeee")
            page.rule(LEFT + name, self.top + 0.5, bar.share * room, _BAR - 1.4, self.claim.brand.colour)
            if bar.high > bar.low:
                page.rule(
                    LEFT + name + bar.low * room, middle - 0.35, (bar.high - bar.low) * room, 0.3, "#000000"
                )
            page.write(bar.text, LEFT + name + room + 2, self.top + 0.6, _SIZE - 0.5, room=said - 2)
            self.top += _BAR

    def _columns(self, widths: tuple[float, ...]) -> list[tuple[float, float]]:
        found, x = [], LEFT
        for share in widths:
            found.append((x, share * self.inner))
            x += share * self.inner
        return found

    def _heads(self, heads: Row, columns: list[tuple[float, float]]) -> None:
        for head, (x, wide) in zip(heads, columns, strict=True):
            self.pages[-1].caption(head, x, self.top, room=wide - 2)
        self.top += 4.4
        self.pages[-1].rule(LEFT, self.top, self.inner, 0.3)

    def numbered(self) -> list[Page]:
        for number, page in enumerate(self.pages, 1):
            text = f"{self.claim.brand.contact}"
            page.write(text, LEFT, self.height - 13, 7.5, room=self.inner - 30, colour=GREY)
            place = f"{number} / {len(self.pages)}"
            page.write(
                place, LEFT + self.inner - 30, self.height - 13, 7.5, room=30, align="right", colour=GREY
            )
        return self.pages
