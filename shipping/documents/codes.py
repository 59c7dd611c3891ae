"""QR and Code 128 as one path each; pure. Quiet zones are the page's business: leave 4 modules around a QR,
10 on either side of a Code 128."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Rect = tuple[float, float, float, float]  # left, top, width, height

_BOX = re.compile(r'<svg width="(\d+)" height="(\d+)"')
_PATH = re.compile(r'<path d="([^"]+)"')
_RECT = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z")


@dataclass(frozen=True)
class Code:
    """`path` is SVG in units of one module (the narrowest bar), in a box of `width` by `height` modules."""

    path: str
    width: int
    height: int

    @property
    def rects(self) -> tuple[Rect, ...]:
        """The path again, for printing: all its shapes are rectangles."""
        return tuple((int(x), int(y), int(w), int(h)) for x, y, w, h in _RECT.findall(self.path))


@lru_cache(maxsize=256)
def qr(text: str) -> Code:
    """A QR of error level M. A full one, never Micro QR: phones cannot read those."""
    import zxingcpp

    return _code(zxingcpp.create_barcode(text, zxingcpp.QRCode, ec_level="M"))


@lru_cache(maxsize=256)
def code128(text: str) -> Code:
    """A Code 128 of ASCII text. The bars fill the box's height; stretch it as high as you like."""
    import zxingcpp

    if not text or not text.isascii():
        raise ValueError(f"Code 128 holds ASCII only, not {text!r}")
    return _code(zxingcpp.create_barcode(text, zxingcpp.Code128))


def _code(barcode: Any) -> Code:
    import zxingcpp

    svg = zxingcpp.write_barcode_to_svg(barcode, add_quiet_zones=False)
    box, path = _BOX.search(svg), _PATH.search(svg)
    if not box or not path or _RECT.sub("", path[1]).strip():
        raise ValueError("the code could not be drawn")
    return Code(path[1], int(box[1]), int(box[2]))
