"""Pages to PDF: with `typesetting` the only place that knows WeasyPrint. Nothing is fetched, from the network or
from disk, and the same pages give the same bytes.

WeasyPrint writes the document, its text and its fonts; where each thing stands was decided before, so there is
nothing to lay out. Bars and rules are rectangles straight in the page's stream: as SVG they would cost more than all
the rest of the page.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from shipping.documents.page import Ink, Page, Picture, Words
from shipping.documents.typesetting import draw, draw_pictures, shape, tools

PRESS = threading.RLock()
"""Held by whoever sets or renders pages: Pango and the shared fonts are not safe in threads."""

_PX = 96 / 25.4  # CSS pixels in a millimetre
_POINT = 96 / 72


@dataclass(frozen=True)
class Pdf:
    """`counts` says how many pages each of the papers took."""

    data: bytes
    pages: int
    counts: tuple[int, ...] = ()


def render_pdf(pages: Sequence[Page], *, title: str, lang: str = "en") -> Pdf:
    from weasyprint import HTML

    fetcher, css, fonts = tools()
    html = f'<html lang="{escape(lang)}"><title>{escape(title)}</title><body>'
    document = HTML(string=html, url_fetcher=fetcher).render(stylesheets=[css], font_config=fonts)
    document.pages = _sheets(pages)
    data = document.write_pdf(pdf_identifier=_identifier(pages, title))
    return Pdf(data, len(pages))


def _identifier(pages: Sequence[Page], title: str) -> bytes:
    digest = hashlib.sha256(title.encode())
    for page in pages:
        digest.update(repr((page.width, page.height, page.words, page.pictures)).encode())
        digest.update(repr([(mark.left, mark.top, hash_of(mark)) for mark in page.ink]).encode())
    return digest.hexdigest()[:32].encode()


def hash_of(mark: Ink) -> str:
    return hashlib.md5(_shapes(mark.rects), usedforsecurity=False).hexdigest()


def _sheets(pages: Sequence[Page]) -> list[Any]:
    from weasyprint.document import Page as Base

    class Sheet(Base):
        """What WeasyPrint asks of a page it has laid out."""

        def __init__(self, page: Page) -> None:
            self.page = page
            self.width, self.height = page.width * _PX, page.height * _PX
            self.bleed = dict.fromkeys(("top", "right", "bottom", "left"), 0)
            self.bookmarks: list[Any] = []
            self.links: list[Any] = []
            self.anchors: dict[str, Any] = {}
            self.forms: dict[Any, Any] = {None: []}

        def paint(self, stream: Any, scale: float = 1) -> None:
            with stream.stacked():
                stream.transform(a=scale, d=scale)
                for picture in self.page.pictures:
                    _place(stream, picture)
                for mark in self.page.ink:
                    stream.stream.append(_operators(mark))
                _write(stream, self.page.words)

    return [Sheet(page) for page in pages]


def _write(stream: Any, words: Sequence[Words]) -> None:
    later, colour = [], ""
    stream.begin_text()
    for word in words:
        line = shape(word.text, word.bold, word.lang, word.spaced)
        size = word.size * _POINT
        spare = word.room * _PX - line.ems * size
        align = ("right" if line.rtl else "left") if word.align == "start" else word.align
        x = word.x * _PX + (spare / 2 if align == "center" else 0 if align == "left" else spare)
        y = word.y * _PX
        if word.colour != colour:
            stream.stream.append(_paint(word.colour))
            colour = word.colour
        pictures = draw(stream, line, x=x, y=y, size=size)
        if pictures:
            later.append((line, pictures, x, y, size))
    stream.end_text()
    for line, pictures, x, y, size in later:
        draw_pictures(stream, line, pictures, x=x, y=y, size=size)


@lru_cache(maxsize=64)
def _paint(colour: str) -> bytes:
    """The operator that makes what follows this colour, written as # and six hex digits."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return " ".join(f"{part:.3g}" for part in parts).encode() + b" rg"


def _operators(mark: Ink) -> bytes:
    matrix = (mark.across, 0, 0, mark.down, mark.left, mark.top)
    place = " ".join(f"{value * _PX:.5f}" for value in matrix).encode() + b" cm\n"
    return b"q " + _paint(mark.colour) + b" " + place + _shapes(mark.rects) + b"\nf Q"


@lru_cache(maxsize=256)
def _shapes(rects: tuple[tuple[float, float, float, float], ...]) -> bytes:
    return "\n".join(f"{x:g} {y:g} {w:g} {h:g} re" for x, y, w, h in rects).encode()


def _place(stream: Any, picture: Picture) -> None:
    image, wide, high = _image(picture.source)
    room_w, room_h = picture.width * _PX, picture.height * _PX
    scale = min(room_w / wide, room_h / high)
    wide, high = wide * scale, high * scale
    x, y = picture.left * _PX, picture.top * _PX + (room_h - high) / 2
    if picture.centred:
        x += (room_w - wide) / 2
    with stream.stacked():
        stream.transform(e=x, f=y)
        image.draw(stream, wide, high, {"image_rendering": "auto"})


@lru_cache(maxsize=16)
def _image(source: str) -> tuple[Any, float, float]:
    """A data: address's picture, and its width and height in a unit of no matter."""
    from weasyprint import HTML
    from weasyprint.formatting_structure.boxes import ReplacedBox

    fetcher, css, fonts = tools()
    document = HTML(string=f'<img src="{source}">', url_fetcher=fetcher).render(
        stylesheets=[css], font_config=fonts
    )
    boxes = document.pages[0]._page_box.descendants()
    box = next((box for box in boxes if isinstance(box, ReplacedBox)), None)
    if box is None:
        raise ValueError("The picture cannot be read.")
    image = box.replacement
    if not getattr(image, "width", 0) or not image.height:
        raise ValueError("The picture cannot be read.")
    return image, image.width, image.height
