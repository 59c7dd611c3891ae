"""Lines of text by WeasyPrint: its fonts and shaping, without its page layout.

A line is shaped once at one size and drawn at any: its width grows with its size. What is shaped is kept, for the
same words come on page after page. Uses WeasyPrint's own parts below its public interface; the version is pinned
and `shipping/tests/test_typesetting.py` reads back what comes out.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings

from shipping.documents.measure import MM, printable

_REFERENCE = 20.0  # CSS pixels; the size everything is shaped at
_SPARE = 1.003  # a PDF's glyph widths are rounded to a thousandth of an em
STYLES = "papers.css"


@dataclass(frozen=True)
class Line:
    """A shaped line. `ems` is its width at size 1."""

    ems: float
    rtl: bool
    box: Any


@lru_cache(maxsize=1)
def tools() -> tuple[Any, Any, Any]:
    """Fetcher, stylesheet and fonts, made once per process: parsing them costs more than a page. The fetcher
    reads `data:` addresses and nothing else, from the network or from disk."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fetcher, fonts = URLFetcher(allowed_protocols=["data"], allow_redirects=False), FontConfiguration()
    path = Path(settings.BASE_DIR) / "templates" / "shipping" / "documents" / STYLES
    return fetcher, CSS(string=path.read_text("utf-8"), url_fetcher=fetcher, font_config=fonts), fonts


class _Style(dict[str, Any]):
    """A computed style with some of it replaced."""

    def __init__(self, base: Any, **own: Any) -> None:
        super().__init__(own)
        self.base, self.font_config = base, base.font_config

    def __missing__(self, key: str) -> Any:
        value = self[key] = self.base[key]
        return value


@lru_cache(maxsize=64)
def _style(bold: bool, lang: str, spaced: float, rtl: bool) -> _Style:
    """What the stylesheet says of text in this language."""
    from weasyprint import HTML
    from weasyprint.formatting_structure.boxes import TextBox

    fetcher, css, fonts = tools()
    tag = "b" if bold else "span"
    html = f'<p lang="{lang}"><{tag}>x</{tag}></p>'
    document = HTML(string=html, url_fetcher=fetcher).render(stylesheets=[css], font_config=fonts)
    box = next(box for box in document.pages[0]._page_box.descendants() if isinstance(box, TextBox))
    return _Style(
        box.style,
        font_size=_REFERENCE,
        letter_spacing=spaced * _REFERENCE if spaced else "normal",
        direction="rtl" if rtl else "ltr",
        white_space="normal",
        overflow_wrap="anywhere",
        lang=lang or None,
    )


@lru_cache(maxsize=4096)
def shape(text: str, bold: bool = False, lang: str = "", spaced: float = 0) -> Line:
    from weasyprint.text.line_break import Layout, line_size

    rtl = runs_left(text)
    style = _style(bold, lang, spaced, rtl)
    layout = Layout(style)
    layout.set_text(text)
    first, _ = layout.get_first_line()
    box = SimpleNamespace(text=text, style=style, pango_layout=layout, baseline=0)
    return Line(line_size(first, style)[0] / _REFERENCE, rtl, box)


def draw(stream: Any, line: Line, *, x: float, y: float, size: float) -> list[Any]:
    """The line's letters into a text object of the page's stream, from `x` on the baseline `y`; CSS pixels.
    Returns what cannot be drawn there: pictures, as emoji are."""
    from weasyprint.draw.text import draw_first_line
    from weasyprint.matrix import Matrix

    scale = size / _REFERENCE
    return draw_first_line(stream, line.box, "clip", "none", Matrix(scale, 0, 0, -scale, x, y))


def draw_pictures(stream: Any, line: Line, pictures: list[Any], *, x: float, y: float, size: float) -> None:
    from weasyprint.draw.text import draw_emojis

    scale = size / _REFERENCE
    with stream.stacked():
        stream.transform(a=scale, d=scale, e=x, f=y)
        draw_emojis(stream, line.box.style, 0, 0, pictures)


def width(text: str, size: float, *, bold: bool = False, lang: str = "", spaced: float = 0) -> float:
    """Millimetres that a line of `size` points takes."""
    return shape(text, bold, lang, spaced).ems * size * MM


@lru_cache(maxsize=4096)
def wrap(text: str, room: float, size: float, *, bold: bool = False, lang: str = "") -> tuple[str, ...]:
    """The text in lines of at most `room` millimetres: where its script may be broken, else between letters,
    never inside one."""
    from weasyprint.text.line_break import split_first_line

    text = printable(text)
    if not text:
        return ()
    ems = room / (size * MM * _SPARE)
    if shape(text, bold, lang).ems <= ems:
        return (text,)
    lines, rest, style = [], text, _style(bold, lang, 0, runs_left(text))
    while rest:
        _, length, resume, *_ = split_first_line(rest, style, None, ems * _REFERENCE, 0)
        data = rest.encode()
        lines.append(data[:length].decode(errors="ignore").strip() if resume else rest)
        rest = data[resume:].decode(errors="ignore").lstrip(" ") if resume else ""
    return tuple(filter(None, lines))


def fit(
    texts: list[str] | tuple[str, ...],
    room: float,
    height: float,
    sizes: tuple[float, ...],
    *,
    leading: float,
    bold: bool = False,
    lang: str = "",
) -> tuple[float, list[str]]:
    """The largest of `sizes` (points) at which the wrapped texts fit into `room` by `height` millimetres, and
    their lines; at the smallest they are cut off with an ellipsis rather than printed over what is below."""
    lines: list[str] = []
    for size in sizes:
        lines = [line for text in texts for line in wrap(text, room, size, bold=bold, lang=lang)]
        if len(lines) * size * leading * MM <= height:
            return size, lines
    most = max(1, int(height / (sizes[-1] * leading * MM)))
    return sizes[-1], lines if len(lines) <= most else [*lines[: most - 1], lines[most - 1][:-1] + "…"]


def missing_letters(text: str) -> set[str]:
    """Those for which no font on this machine has a glyph: they would print as boxes."""
    from weasyprint.text.ffi import ffi, pango

    found = set()
    for char in set(printable(text)):
        if char.isspace() or unicodedata.category(char) in ("Cf", "Mn", "Cc"):
            continue
        line, _ = shape(char).box.pango_layout.get_first_line()
        run = line.runs[0]
        while run != ffi.NULL:
            glyphs = run.data.glyphs
            if any(
                glyphs.glyphs[at].glyph & pango.PANGO_GLYPH_UNKNOWN_FLAG for at in range(glyphs.num_glyphs)
            ):
                found.add(char)
            run = run.next
    return found


def runs_left(text: str) -> bool:
    """Whether it reads from right to left: its first letter of a direction decides (Unicode UAX 9, P2)."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False
