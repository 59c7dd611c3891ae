"""The packing slip: every block is placed here, in millimetres, so that a page costs no layout.

What varies in length (gift message, lines, what comes separately) flows as rows on a grid and goes on over as many
pages as it needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shipping.documents.codes import Rect, code128, qr
from shipping.documents.contexts import Item, SlipContext
from shipping.documents.measure import MM
from shipping.documents.page import DARK, GREY, Align, Ink, Page, Picture
from shipping.documents.typesetting import fit, runs_left, wrap
from shipping.documents.words import say

PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
LEFT = 16.0
HAIR, TICK, EDGE = 0.2, 3.4, 0.3
GRID = 4.2  # one line of a row; a row is its lines and one more
SKU, BIN, PRICE = 40.0, 22.0, 18.0  # column widths
NAME_AT = 21.5  # from the left margin
MODULE = 0.375  # of the Code 128: three dots at 203 dpi
FIRST_END, NEXT_END = 52.0, 18.0  # what the foot of a first page and of a further page needs
NEXT_TOP = 29.0


@dataclass(frozen=True)
class Row:
    kind: str  # gift, items, more (in another parcel or to follow), a heading of these, or a gap
    name: tuple[str, ...]
    quantity: str = ""
    sku: tuple[str, ...] = ()
    bin: tuple[str, ...] = ()
    price: str = ""

    @property
    def height(self) -> float:
        if self.kind in ("gift", "gap"):
            return GRID
        return (max(len(self.name), len(self.sku), len(self.bin), 1) + 1) * GRID


def slip_pages(slip: SlipContext, paper: str = "a4") -> list[Page]:
    """The slip on as many pages as it needs; mirrored where the language runs from right to left."""
    width, height = PAPERS[paper]
    first = Page(width, height)
    top = _head(first, slip) + 7
    sheets = _paginate(list(_rows(slip, width)), top, height, slip.locale)
    pages = [first] + [Page(width, height) for _ in sheets[1:]]
    for number, (page, rows) in enumerate(zip(pages, sheets, strict=True), 1):
        if number > 1:
            _next_head(page, slip)
        _table(page, rows, slip)
        _foot(page, slip, number, len(pages))
    _codes(first, slip)
    return [page.mirrored() for page in pages] if slip.locale.startswith("ar") else pages


def _head(page: Page, slip: SlipContext) -> float:
    """Brand, number, addresses and facts. Returns where the highest of them ends."""
    lang, inner = slip.locale, page.width - 2 * LEFT
    if slip.brand.logo:
        page.pictures.append(Picture(slip.brand.logo, LEFT, 14, 84, 15))
    else:
        size, lines = fit([slip.brand.name], 84, 15, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
        page.write(lines, LEFT, 14, size, leading=1.15, room=84, bold=True, colour=slip.brand.colour)
    right = page.width - LEFT - 84
    page.caption(say("slip", lang), right, 14, room=84, align="right")
    size, lines = fit([slip.order], 84, 10, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
    page.write(lines, right, 18.6, size, leading=1.15, room=84, align="right", bold=True)
    page.rule(LEFT, 34, inner, 1, slip.brand.colour)

    page.caption(say("to", lang), LEFT, 41, room=84)
    size, _ = fit(
        slip.to.lines, 84, 36, (13, 12, 11, 10, 9, 8, 7, 6, 5), leading=1.35, bold=True, lang=slip.to.language
    )
    ends = [76.0, recipient(page, slip.to.lines, slip.to.name, slip.to.language, LEFT, 46, 84, size)]
    page.caption(say("from", lang), 107, 41, room=42)
    size, lines = fit(slip.sender, 42, 36, (8.5, 8, 7, 6, 5), leading=1.4)
    ends.append(page.write(lines, 107, 46, size, leading=1.4, room=42, colour=DARK))
    facts = (
        ("date", slip.date),
        ("parcel", say("x_of_y", lang, x=slip.parcel, y=slip.parcels)),
        ("service", slip.service),
    )
    at, room = 41.0, page.width - LEFT - 157
    for name, value in facts:
        if value:
            page.caption(say(name, lang), 157, at, room=room)
            size, lines = fit([value], room, 7.6, (10, 9, 8, 7, 6, 5), leading=1.15, bold=True)
            at = page.write(lines, 157, at + 3.8, size, leading=1.15, room=room, bold=True) + 2.2
    return max(*ends, at - 2)


def recipient(
    page: Page,
    lines: tuple[str, ...],
    name: str,
    lang: str,
    left: float,
    top: float,
    room: float,
    size: float,
    leading: float = 1.35,
) -> float:
    """An address with the name in bold, wherever its country puts the name; all of it at the right if any of it
    runs from right to left."""
    align: Align = "end" if any(map(runs_left, lines)) else "left"
    for text in lines:
        bold = text == name
        wrapped = wrap(text, room, size, bold=True, lang=lang)
        top = page.write(
            wrapped, left, top, size, leading=leading, room=room, align=align, bold=bold, lang=lang
        )
    return top


def _next_head(page: Page, slip: SlipContext) -> None:
    number, inner = wrap(slip.order, 76, 10, bold=True), page.width - 2 * LEFT
    name = wrap(slip.brand.name, 76, 10, bold=True)
    page.write(_short(name), LEFT, 16, 10, room=76, bold=True, colour=slip.brand.colour)
    page.write(slip.code, 92, 16.3, 8, room=36, colour=GREY)
    page.write(_short(number), page.width - LEFT - 76, 16, 10, room=76, align="right", bold=True)
    page.rule(LEFT, 24, inner, 0.6, slip.brand.colour)


def _short(lines: tuple[str, ...]) -> str:
    return lines[0] + ("…" if len(lines) > 1 else "") if lines else ""


def _rows(slip: SlipContext, width: float) -> Iterator[Row]:
    lang, inner = slip.locale, width - 2 * LEFT
    message = [
        line for part in slip.gift_message.splitlines() for line in (wrap(part, inner - 16, 10.5) or ("",))
    ]
    if message:
        yield Row("gift-head", (say("message", lang),))
        yield from (Row("gift", (line,)) for line in message)
        yield Row("gap", ())
    divided = slip.parcels > 1 or slip.backordered
    yield Row("items-head", (say("in_this" if divided else "items", lang),))
    yield from (_item(item, "items", slip, inner) for item in slip.items)
    if not slip.items:
        yield Row("more", (say("nothing", lang),))
    if slip.total:
        yield Row("more", (say("total", lang),), price=slip.total)
    if slip.backordered:
        yield Row("gap", ())
        yield Row("more-head", (say("backordered", lang),))
        yield from (_item(item, "more", slip, inner) for item in slip.backordered)
    for parcel in slip.others:
        yield Row("gap", ())
        yield Row("more-head", (parcel.title,))
        yield from (_item(item, "more", slip, inner) for item in parcel.items)


def _item(item: Item, kind: str, slip: SlipContext, inner: float) -> Row:
    name = inner - NAME_AT - SKU - BIN - 5 - (PRICE if slip.total else 0)
    return Row(
        kind,
        wrap(item.name, name, 9.5) or wrap(item.sku, name, 9.5),
        f"{item.quantity}",
        wrap(item.sku, SKU - 1, 8),
        wrap(item.bin, BIN - 1, 8, bold=True),
        item.price,
    )


def _paginate(rows: list[Row], top: float, height: float, lang: str) -> list[list[tuple[float, Row]]]:
    """Rows onto pages. A heading stays with the row after it; a table that goes on repeats its heading."""
    pages: list[list[tuple[float, Row]]] = [[]]
    bottom = height - FIRST_END
    title: Row | None = None
    for index, row in enumerate(rows):
        heading = row.kind.endswith("-head")
        if heading:
            title = row
        follower = rows[index + 1].height if heading and index + 1 < len(rows) else 0
        if pages[-1] and top + row.height + follower > bottom:
            pages.append([])
            top, bottom = NEXT_TOP, height - NEXT_END
            if title is not None and title is not row:
                again = Row(title.kind, (say("continued", lang, title=title.name[0]),))
                pages[-1].append((top, again))
                top += again.height
        pages[-1].append((top, row))
        top += row.height
    return pages


def _table(page: Page, rows: list[tuple[float, Row]], slip: SlipContext) -> None:
    inner = page.width - 2 * LEFT
    bin_at = page.width - LEFT - BIN
    sku_at = bin_at - SKU - 2 - (PRICE if slip.total else 0)
    lines: list[Rect] = []
    for at, (top, row) in enumerate(rows):
        if row.kind == "gap":
            continue
        if row.kind.endswith("-head"):
            head = row.name[0]
            page.write(head, LEFT, top + 2.4, 10.5, room=sku_at - LEFT - 2, bold=True)
            if row.kind == "items-head":
                page.caption(say("sku", slip.locale), sku_at, top + 2.9, room=SKU)
                page.caption(say("bin", slip.locale), bin_at, top + 2.9, room=BIN)
                if slip.total:
                    page.caption(
                        say("price", slip.locale), bin_at - PRICE - 2, top + 2.9, room=PRICE, align="right"
                    )
            continue
        if row.kind == "gift":
            page.ink.append(Ink(((LEFT, top - 0.6, inner, GRID + 0.9),), colour="#f2f3f5", mirror=True))
            page.ink.append(Ink(((LEFT, top - 0.6, 1, GRID + 0.9),), colour=slip.brand.colour, mirror=True))
            _write(page, row.name, LEFT + 6, top, 10.5, inner - 14)
            continue
        _row(page, top, row, sku_at, bin_at, slip)
        if at == 0 or rows[at - 1][1].kind.endswith("-head"):
            lines.append((LEFT, top, inner, HAIR))
        lines.append((LEFT, round(top + row.height, 2), inner, HAIR))
        if row.kind == "items":
            lines += tick_box(LEFT, round(top + GRID / 2 + 0.35, 2))
    if lines:
        page.ink.append(Ink(tuple(lines), colour="#a6a6a6", mirror=True))


def _row(page: Page, top: float, row: Row, sku_at: float, bin_at: float, slip: SlipContext) -> None:
    packed = row.kind == "items"
    colour, middle = ("#16191d" if packed else "#4d555e"), top + GRID / 2
    size = (10.5 if packed else 9.5) if len(row.quantity) <= 4 else 7.5
    if row.quantity:
        page.write(
            row.quantity, LEFT + 4, middle, size, leading=GRID / (size * MM), room=13, align="right",
            bold=packed, colour=colour,
        )  # fmt: skip
    _write(page, row.name, LEFT + NAME_AT, middle, 9.5, sku_at - LEFT - NAME_AT - 2, colour)
    _write(page, row.sku, sku_at, middle, 8, SKU - 1, DARK if packed else colour)
    for at, line in enumerate(row.bin):
        page.write(
            line, bin_at, middle + at * GRID, 8, leading=GRID / (8 * MM), room=BIN, bold=packed, colour=colour
        )
    if row.price:
        room = PRICE if row.quantity else 60
        page.write(
            row.price, bin_at - 2 - room, middle, 8.5, leading=GRID / (8.5 * MM), room=room, align="right",
            bold=not row.quantity, colour=colour,
        )  # fmt: skip


def _write(
    page: Page, lines: tuple[str, ...], left: float, top: float, size: float, room: float, colour: str = DARK
) -> None:
    page.write(lines, left, top, size, leading=GRID / (size * MM), room=room, colour=colour)


def tick_box(x: float, y: float) -> tuple[Rect, ...]:
    """A box to tick."""
    return (
        (x, y, TICK, EDGE),
        (x, y + TICK - EDGE, TICK, EDGE),
        (x, y, EDGE, TICK),
        (x + TICK - EDGE, y, EDGE, TICK),
    )


def _codes(page: Page, slip: SlipContext) -> None:
    """At the foot of the first page: the link as QR for the customer, the slip's code for the packer."""
    top, text = page.height - 45, slip.code + slip.hash
    bars = code128(text)
    width = min(bars.width * MODULE, 82)
    page.ink.append(Ink.code(qr(slip.link), left=LEFT, top=top, width=27, height=27))
    right = page.width - LEFT - width
    page.ink.append(Ink.code(bars, left=right, top=top, width=width, height=15))
    spoken = f"{slip.code} {slip.hash}".strip()
    page.write(spoken, right, top + 16.4, 10.5, room=width, align="center", bold=True, spaced=0.06)
    page.write(say("follow", slip.locale), 49, top + 0.4, 11.5, room=60, bold=True)
    size, lines = fit([slip.link], 58, 10, (7.5, 7, 6, 5), leading=1.35)
    page.write(lines, 49, top + 6.6, size, leading=1.35, room=58, colour=DARK)
    size, lines = fit([slip.brand.contact], 58, 10, (8, 7, 6, 5), leading=1.35)
    page.write(lines, 49, top + 17, size, leading=1.35, room=58, colour=DARK)


def _foot(page: Page, slip: SlipContext, number: int, count: int) -> None:
    top, inner = page.height - 13, page.width - 2 * LEFT
    size, lines = fit([slip.brand.footer], inner - 36, 9, (7.5, 7, 6.5, 6, 5), leading=1.25)
    page.write(lines, LEFT, top, size, leading=1.25, room=inner - 36, colour=GREY)
    folio = say("page", slip.locale, x=number, y=count)
    page.write(folio, page.width - LEFT - 34, top, 7.5, leading=1.25, room=34, align="right", colour=GREY)
