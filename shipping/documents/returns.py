"""The return slip: what came, how much of it goes back and why, and the address to stick onto the parcel."""

from collections.abc import Iterator
from itertools import pairwise

from shipping.documents.codes import Rect, code128, qr
from shipping.documents.contexts import SlipContext
from shipping.documents.measure import MM
from shipping.documents.page import DARK, GREY, Ink, Page, Picture
from shipping.documents.slip import LEFT, MODULE, PAPERS, recipient
from shipping.documents.typesetting import fit, wrap
from shipping.documents.words import say

_TOP, _ROW, _LINE = 62.0, 4.4, 4.2


def return_pages(slip: SlipContext, paper: str = "a4") -> list[Page]:
    width, height = PAPERS[paper]
    rows = list(_rows(slip, width))
    pages, page, top = [], Page(width, height), _TOP
    cuts = [0]
    for index, (name, sku, _) in enumerate(rows):
        high = max(len(name), len(sku)) * _LINE + _ROW
        if top + high > height - 92 and index > cuts[-1]:
            cuts.append(index)
            top = _TOP
        top += high
    cuts.append(len(rows))
    for start, end in pairwise(cuts):
        page = Page(width, height)
        _head(page, slip)
        _table(page, rows[start:end], slip)
        _address(page, slip)
        pages.append(page)
    return [page.mirrored() for page in pages] if slip.locale.startswith("ar") else pages


def _head(page: Page, slip: SlipContext) -> None:
    lang, inner = slip.locale, page.width - 2 * LEFT
    if slip.brand.logo:
        page.pictures.append(Picture(slip.brand.logo, LEFT, 14, 84, 15))
    else:
        size, lines = fit([slip.brand.name], 84, 15, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
        page.write(lines, LEFT, 14, size, leading=1.15, room=84, bold=True, colour=slip.brand.colour)
    right = page.width - LEFT - 84
    page.caption(say("return", lang), right, 14, room=84, align="right")
    size, lines = fit([slip.order], 84, 10, (22, 18, 15, 12, 10, 8), leading=1.15, bold=True)
    page.write(lines, right, 18.6, size, leading=1.15, room=84, align="right", bold=True)
    page.rule(LEFT, 34, inner, 1, slip.brand.colour)
    size, lines = fit([say("return_how", lang)], inner, 10, (10.5, 9.5, 8.5, 7.5), leading=1.35)
    page.write(lines, LEFT, 38, size, leading=1.35, room=inner)
    size, lines = fit([say("reasons", lang)], inner, 8, (9, 8, 7, 6), leading=1.3)
    page.write(lines, LEFT, 48.5, size, room=inner, colour=DARK)


def _rows(slip: SlipContext, width: float) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    room = width - 2 * LEFT - 102
    for item in slip.items:
        yield wrap(item.name, room, 9.5) or (item.sku,), wrap(item.sku, 38, 8), f"{item.quantity}"


def _table(page: Page, rows: list[tuple[tuple[str, ...], tuple[str, ...], str]], slip: SlipContext) -> None:
    inner, lang = page.width - 2 * LEFT, slip.locale
    sku_at, back_at, why_at = LEFT + inner - 84, LEFT + inner - 42, LEFT + inner - 20
    page.caption(say("items", lang), LEFT + 14, _TOP - 5.5, room=60)
    page.caption(say("sku", lang), sku_at, _TOP - 5.5, room=40)
    page.caption(say("quantity", lang), back_at, _TOP - 5.5, room=18)
    page.caption(say("reason", lang), why_at, _TOP - 5.5, room=20)
    top, lines = _TOP, [(LEFT, _TOP, inner, 0.2)]
    for name, sku, quantity in rows:
        high, middle = max(len(name), len(sku)) * _LINE + _ROW, top + _ROW / 2
        page.write(
            quantity, LEFT, middle, 10.5, leading=_LINE / (10.5 * MM), room=10, align="right", bold=True
        )
        page.write(name, LEFT + 14, middle, 9.5, leading=_LINE / (9.5 * MM), room=inner - 102)
        page.write(sku, sku_at, middle, 8, leading=_LINE / (8 * MM), room=38, colour=DARK)
        for left, room in ((back_at, 14.0), (why_at, 20.0)):
            lines += _frame(left, top + 1.2, room, min(high, 8.6) - 2.4)
        top += high
        lines.append((LEFT, top, inner, 0.2))
    page.ink.append(Ink(tuple(lines), colour="#a6a6a6", mirror=True))


def _frame(x: float, y: float, wide: float, high: float) -> list[Rect]:
    return [
        (x, y, wide, 0.3),
        (x, y + high - 0.3, wide, 0.3),
        (x, y, 0.3, high),
        (x + wide - 0.3, y, 0.3, high),
    ]


def _address(page: Page, slip: SlipContext) -> None:
    """The lower part, to cut off."""
    top, inner = page.height - 84, page.width - 2 * LEFT
    dashes = tuple((LEFT + at, top, 2.0, 0.3) for at in range(0, int(inner), 4))
    page.ink.append(Ink(dashes, colour=GREY, mirror=True))
    page.caption(say("return_to", slip.locale), LEFT, top + 6, room=90)
    size, _ = fit(slip.back_to, 96, 46, (16, 14, 12, 10, 8, 6), leading=1.3, bold=True)
    recipient(page, slip.back_to, slip.back_to[0], "", LEFT, top + 11, 96, size, leading=1.3)
    bars = code128(slip.code)
    width = min(bars.width * MODULE, 66)
    right = page.width - LEFT - width
    page.ink.append(Ink.code(qr(slip.link), left=page.width - LEFT - 24, top=top + 7, width=24, height=24))
    page.ink.append(Ink.code(bars, left=right, top=top + 38, width=width, height=15))
    page.write(slip.code, right, top + 54.4, 10.5, room=width, align="center", bold=True, spaced=0.06)
    page.write(slip.order, right, top + 60, 9, room=width, align="center", colour=DARK)
    size, lines = fit([slip.brand.footer], inner, 9, (7.5, 7, 6.5, 6, 5), leading=1.25)
    page.write(lines, LEFT, page.height - 13, size, leading=1.25, room=inner, colour=GREY)
