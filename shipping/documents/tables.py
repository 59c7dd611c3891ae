"""A table over as many pages as it needs: for the warehouse's own lists."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from shipping.documents.measure import MM
from shipping.documents.page import DARK, GREY, Align, Ink, Page
from shipping.documents.slip import HAIR, LEFT, PAPERS, tick_box
from shipping.documents.typesetting import wrap

LINE, SPARE = 4.2, 3.2  # a row is its lines and a little more


@dataclass(frozen=True)
class Column:
    title: str
    width: float  # millimetres; the widths of all columns make up the page's 178
    size: float = 8.5
    bold: bool = False
    align: Align = "left"
    tick: bool = False


@dataclass(frozen=True)
class Heading:
    """A row that names the group of rows below it."""

    text: str


def table_pages(
    paper: str,
    title: str,
    facts: Sequence[tuple[str, str]],
    columns: Sequence[Column],
    rows: Iterable[Sequence[str] | Heading],
    *,
    end: Callable[[Page, float], None] | None = None,
    end_height: float = 0,
) -> list[Page]:
    """`end` writes what follows the last row, from the height given to it; `end_height` is what it needs."""
    width, height = PAPERS[paper]
    scale = (width - 2 * LEFT) / sum(column.width for column in columns)
    pages = [Page(width, height)]
    top = _head(pages[0], title, facts)
    top = _titles(pages[0], columns, scale, top)
    group = ""
    for row in rows:
        cells = _cells(row, columns, scale)
        high = max(map(len, cells)) * LINE + SPARE
        if top + high + (12 if isinstance(row, Heading) else 0) > height - 18:
            pages.append(Page(width, height))
            pages[-1].write(title, LEFT, 14, 11, bold=True)
            top = _titles(pages[-1], columns, scale, 24)
            if group and not isinstance(row, Heading):
                top = _heading(pages[-1], f"{group} (continued)", top)
        if isinstance(row, Heading):
            group, top = row.text, _heading(pages[-1], row.text, top)
        else:
            _row(pages[-1], cells, columns, scale, top)
            top += high
    if end and top + end_height > height - 18:
        pages.append(Page(width, height))
        pages[-1].write(title, LEFT, 14, 11, bold=True)
        top = 24
    if end:
        end(pages[-1], top)
    for number, page in enumerate(pages, 1):
        right = width - LEFT - 40
        page.write(
            f"Page {number} of {len(pages)}", right, height - 13, 7.5, room=40, align="right", colour=GREY
        )
    return pages


def _head(page: Page, title: str, facts: Sequence[tuple[str, str]]) -> float:
    page.write(wrap(title, page.width - 2 * LEFT, 20, bold=True)[:1], LEFT, 12, 20, bold=True)
    each = (page.width - 2 * LEFT) / max(len(facts), 1)
    lowest = 34.0
    for index, (name, value) in enumerate(facts):
        left = LEFT + index * each
        page.caption(name, left, 24, room=each - 2)
        lines = wrap(value, each - 3, 10.5, bold=True)[:3] or ("–",)
        lowest = max(lowest, page.write(lines, left, 27.6, 10.5, leading=1.2, room=each - 2, bold=True))
    return lowest + 4


def _titles(page: Page, columns: Sequence[Column], scale: float, top: float) -> float:
    left = LEFT
    for column in columns:
        room = column.width * scale
        page.caption(column.title, left, top, room=room - 2, align=column.align)
        left += room
    page.rule(LEFT, top + 4.4, page.width - 2 * LEFT, 0.5, DARK)
    return top + 4.9


def _cells(row: Sequence[str] | Heading, columns: Sequence[Column], scale: float) -> list[tuple[str, ...]]:
    if isinstance(row, Heading):
        return [(row.text,)]
    return [
        wrap(text, column.width * scale - 2, column.size, bold=column.bold)
        for text, column in zip(row, columns, strict=True)
    ]


def _heading(page: Page, text: str, top: float) -> float:
    wide = page.width - 2 * LEFT
    page.ink.append(Ink(((LEFT, top, wide, 7.6),), colour="#eceef1"))
    page.write(wrap(text, wide - 4, 11, bold=True)[:1], LEFT + 2, top + 1.4, 11, room=wide - 4, bold=True)
    return top + 7.6


def _row(
    page: Page, cells: list[tuple[str, ...]], columns: Sequence[Column], scale: float, top: float
) -> None:
    left, high = LEFT, max(map(len, cells)) * LINE + SPARE
    for cell, column in zip(cells, columns, strict=True):
        room = column.width * scale
        if column.tick:
            page.ink.append(Ink(tick_box(left, round(top + SPARE / 2 + 0.35, 2)), colour="#777777"))
        else:
            page.write(
                cell, left, top + SPARE / 2, column.size, leading=LINE / (column.size * MM), room=room - 2,
                align=column.align, bold=column.bold,
            )  # fmt: skip
        left += room
    page.rule(LEFT, top + high - HAIR, page.width - 2 * LEFT, HAIR)
