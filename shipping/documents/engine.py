"""HTML to PDF: the only place that knows WeasyPrint. Nothing is fetched, from the network or from disk,
and the same pages give the same bytes.

Text is WeasyPrint's. Bars and rules are written straight into the page's stream as rectangles: as SVG they
would cost as much as all the rest of the page.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from shipping.documents.codes import Code, Rect

SHEETS = ("slip.css", "label.css")
_POINTS = 72 / 25.4  # in a millimetre


@dataclass(frozen=True)
class Pdf:
    data: bytes
    pages: int


@dataclass(frozen=True)
class Ink:
    """Filled rectangles on a page: their box's left and top in millimetres, and how many millimetres one of
    their units is, across and down. `grey` is 0 for black."""

    rects: tuple[Rect, ...]
    left: float
    top: float
    across: float = 1
    down: float = 1
    grey: float = 0

    @classmethod
    def code(cls, code: Code, *, left: float, top: float, width: float, height: float) -> "Ink":
        return cls(code.rects, left, top, width / code.width, height / code.height)


def render_pdf(html: str, ink: Sequence[Sequence[Ink]]) -> Pdf:
    """`ink` has one entry a page. Raises ValueError when the pages come out as another number."""
    from weasyprint import HTML

    fetcher, css, fonts = _tools()
    document = HTML(string=html, url_fetcher=fetcher, base_url=None).render(
        stylesheets=[css], font_config=fonts
    )
    if len(document.pages) != len(ink):
        raise ValueError(f"{len(document.pages)} pages came out of {len(ink)}")
    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    data = document.write_pdf(pdf_identifier=identifier, finisher=lambda _, pdf: _stamp(pdf, ink))
    return Pdf(data, len(document.pages))


@lru_cache(maxsize=1)
def _tools() -> tuple[Any, Any, Any]:
    """Fetcher, stylesheet and fonts, made once per process: parsing them costs more than a page."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fetcher, fonts = URLFetcher(allowed_protocols=["data"], allow_redirects=False), FontConfiguration()
    folder = Path(settings.BASE_DIR) / "templates" / "shipping" / "documents"
    text = "\n".join((folder / name).read_text("utf-8") for name in SHEETS)
    return fetcher, CSS(string=text, url_fetcher=fetcher, font_config=fonts), fonts


def _stamp(pdf: Any, ink: Sequence[Sequence[Ink]]) -> None:
    """Adds the ink to the pages. WeasyPrint leaves each page's stream with the origin top left, in points."""
    for number, marks in zip(pdf.pages["Kids"][::3], ink, strict=True):  # flat: "12 0 R 13 0 R"
        contents = pdf.objects[number]["Contents"]
        stream = pdf.objects[int(contents.split()[0])]
        stream.stream += [_operators(mark) for mark in marks]


def _operators(mark: Ink) -> bytes:
    matrix = (mark.across, 0, 0, mark.down, mark.left, mark.top)
    place = " ".join(f"{value * _POINTS:.5f}" for value in matrix) + " cm"
    shapes = "\n".join(f"{x:g} {y:g} {w:g} {h:g} re" for x, y, w, h in mark.rects)
    return f"q {mark.grey:g} g {place}\n{shapes}\nf Q".encode()
