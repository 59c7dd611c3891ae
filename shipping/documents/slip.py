"""The packing slip, A4: every block is placed here, in millimetres, so that a page costs no layout.

What varies in length (gift message, lines, what comes separately) flows as rows on a grid and goes on over as
many pages as it needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from shipping.documents.codes import Rect, code128, qr
from shipping.documents.contexts import Item, SlipContext
from shipping.documents.engine import Ink
from shipping.documents.measure import MM, fit, wrap

LEFT, WIDTH = 16.0, 178.0
HAIR, TICK, EDGE = 0.2, 3.4, 0.3
EVEN = 2  # the height of a row of one line
GRID = 4.2  # one line of a row; a row is its lines and one more
FIRST, NEXT = (46.0, 245.0), (29.0, 279.0)  # what rows may fill; on the first page below the addresses
NAME, SKU, BIN = 89.0, 40.0, 22.0  # column widths
MODULE = 0.375  # of the Code 128: three dots at 203 dpi


@dataclass(frozen=True)
class Row:
    kind: str  # gift, items, more (in another parcel or to follow), a heading of these, or a gap
    name: list[str]
    quantity: str = ""
    sku: list[str] = field(default_factory=list)
    bin: list[str] = field(default_factory=list)

    @property
    def height(self) -> int:
        if self.kind in ("gift", "gap"):
            return 1
        return max(len(self.name), len(self.sku), len(self.bin), 1) + 1


@dataclass(frozen=True)
class Segment:
    """Rows of one kind that follow each other on a page: one block of text per column, and the lines."""

    kind: str
    even: bool  # all rows are of one line: then a line is as high as a row
    top: float
    height: float
    quantity: str
    large: bool  # quantities of five digits and more are set smaller
    name: str
    sku: str
    bin: str
    rules: tuple[Rect, ...]

    @property
    def css(self) -> str:
        return f"{self.kind} even" if self.even else self.kind


def pages_of(slip: SlipContext) -> list[dict[str, Any]]:
    """What the template shows, page by page."""
    first = _first(slip)
    sheets = _paginate(list(_rows(slip)), FIRST[0] + first["height"] + 7)
    number_size, number = fit([slip.order], 84, 10, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
    footer_size, footer = fit([slip.brand.footer], 140, 9, (7.5, 7, 6.5, 6, 5), leading=1.25)
    shared = {
        "brand": slip.brand,
        "number": "\n".join(number),
        "number_size": number_size,
        "small_number": " ".join(number) if len(number) == 1 else number[0] + "…",
        "footer": "\n".join(footer),
        "footer_size": footer_size,
        "code": slip.code,
        "pages": len(sheets),
    }
    return [
        shared | {"page": index, "segments": segments, "first": first if index == 1 else None}
        for index, segments in enumerate(sheets, 1)
    ]


def _first(slip: SlipContext) -> dict[str, Any]:
    """What only the first page has: the addresses, the facts, the codes."""
    brand_size, brand = fit([slip.brand.name], 84, 15, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
    to_size, _ = fit(list(slip.to.lines), 84, 36, (13, 12, 11, 10, 9, 8, 7, 6, 5), leading=1.35, bold=True)
    from_size, sender = fit(list(slip.sender), 42, 36, (8.5, 8, 7, 6, 5), leading=1.4)
    link_size, link = fit([slip.link], 72, 8, (7.5, 7, 6, 5), leading=1.35)
    contact_size, contact = fit([slip.brand.contact], 72, 8, (8, 7, 6, 5), leading=1.35)
    to = [
        (line, text == slip.to.name) for text in slip.to.lines for line in wrap(text, 84, to_size, bold=True)
    ]
    facts = [
        ("Order date", slip.date),
        ("Parcel", f"{slip.parcel} of {slip.parcels}"),
        ("Service", slip.service),
    ]
    heights = len(to) * to_size * 1.35, len(sender) * from_size * 1.4, 30 / MM
    return {
        "height": max(heights) * MM,
        "brand_name": "\n".join(brand),
        "brand_size": brand_size,
        "to": to,
        "to_size": to_size,
        "language": slip.to.language,
        "from": "\n".join(sender),
        "from_size": from_size,
        "facts": [
            (name, *fit([value], 37, 7.4, (10, 8, 6, 5), leading=3.7 / MM / 10, bold=True))
            for name, value in facts
            if value
        ],
        "bars_width": min(code128(slip.code).width * MODULE, 82),
        "url": slip.link,
        "link": "\n".join(link),
        "link_size": link_size,
        "contact": "\n".join(contact),
        "contact_size": contact_size,
    }


def _rows(slip: SlipContext) -> Iterator[Row]:
    message = [line for part in slip.gift_message.splitlines() for line in (wrap(part, 162, 10.5) or [""])]
    if message:
        yield Row("gift-head", ["A message for you"])
        yield from (Row("gift", [line]) for line in message)
        yield Row("gap", [])
    yield Row("items-head", ["In this parcel" if slip.parcels > 1 or slip.backordered else "Items"])
    yield from (_item(item, "items") for item in slip.items)
    if not slip.items:
        yield Row("more", ["Nothing is ready to be packed yet."])
    if slip.backordered:
        yield Row("gap", [])
        yield Row("more-head", ["Back-ordered: follows separately as soon as it is in"])
        yield from (_item(item, "more") for item in slip.backordered)
    for parcel in slip.others:
        yield Row("gap", [])
        yield Row("more-head", [parcel.title])
        yield from (_item(item, "more") for item in parcel.items)


def _item(item: Item, kind: str) -> Row:
    return Row(
        kind,
        wrap(item.name, NAME, 9.5) or wrap(item.sku, NAME, 9.5),
        f"{item.quantity}",
        wrap(item.sku, SKU, 8),
        wrap(item.bin, BIN, 8, bold=True),
    )


def _paginate(rows: list[Row], top: float) -> list[list[Segment]]:
    """Rows onto pages. A heading stays with the row after it; a table that goes on repeats its heading."""
    pages: list[list[tuple[float, Row]]] = [[]]
    bottom = FIRST[1]
    title: Row | None = None
    for index, row in enumerate(rows):
        if row.kind.endswith("-head"):
            title = row
        follower = rows[index + 1].height if row.kind.endswith("-head") and index + 1 < len(rows) else 0
        if pages[-1] and top + (row.height + follower) * GRID > bottom:
            pages.append([])
            top, bottom = NEXT
            if title is not None and title is not row:
                again = Row(title.kind, [f"{title.name[0]} (continued)"])
                pages[-1].append((top, again))
                top += again.height * GRID
        pages[-1].append((top, row))
        top += row.height * GRID
    return [list(_segments(page)) for page in pages]


def _segments(page: list[tuple[float, Row]]) -> Iterator[Segment]:
    for (kind, even), group in groupby(page, key=lambda placed: (placed[1].kind, placed[1].height == EVEN)):
        placed = list(group)
        rows = [row for _, row in placed]
        yield Segment(
            kind=kind,
            even=even,
            top=round(placed[0][0], 2),
            height=round(sum(row.height for row in rows) * GRID, 2),
            quantity=_column(rows, [[row.quantity] for row in rows]),
            large=any(len(row.quantity) > 4 for row in rows),
            name=_column(rows, [row.name for row in rows]),
            sku=_column(rows, [row.sku for row in rows]),
            bin=_column(rows, [row.bin for row in rows]),
            rules=tuple(_rules(rows)) if kind in ("items", "more") else (),
        )


def _column(rows: list[Row], cells: list[list[str]]) -> str:
    lines: list[str] = []
    for row, cell in zip(rows, cells, strict=True):
        lines += cell + [""] * ((1 if row.height == EVEN else row.height) - len(cell))
    return "\n".join(lines).rstrip()


def _rules(rows: list[Row]) -> Iterator[Rect]:
    """A hairline under each row and, where something is to be packed, a box to tick."""
    y = 0.0
    yield 0, y, WIDTH, HAIR
    for row in rows:
        if row.kind == "items":
            top = round(y + GRID / 2 + 0.35, 2)
            yield 0, top, TICK, EDGE
            yield 0, top + TICK - EDGE, TICK, EDGE
            yield 0, top, EDGE, TICK
            yield TICK - EDGE, top, EDGE, TICK
        y = round(y + row.height * GRID, 2)
        yield 0, y, WIDTH, HAIR


def ink_of(page: dict[str, Any]) -> list[Ink]:
    """What a page has that is not text."""
    ink = [Ink(part.rules, LEFT, part.top, grey=0.65) for part in page["segments"] if part.rules]
    if page["first"]:
        bars = code128(page["code"])
        width = min(bars.width * MODULE, 82)
        ink.append(Ink.code(qr(page["first"]["url"]), left=LEFT, top=252, width=27, height=27))
        ink.append(Ink.code(bars, left=LEFT + WIDTH - width, top=252, width=width, height=15))
    return ink
