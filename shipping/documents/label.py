"""The label for thermal printers, 4 x 6 inches or A6: black only, codes on the printer's dots (8 a millimetre)."""

from shipping.documents.codes import code128
from shipping.documents.contexts import LabelContext
from shipping.documents.page import Ink, Page, Picture
from shipping.documents.slip import recipient
from shipping.documents.typesetting import fit

SIZES = {"4x6": (101.6, 152.4), "a6": (105.0, 148.0)}
LETTERS = (20, 18, 16, 14, 12.5, 11, 10, 9, 8, 7, 6, 5, 4)
MODULES = (0.5, 0.375, 0.25)  # four, three or two dots
_DOT = 0.125
BLACK = "#000000"


def label_page(label: LabelContext, size: str = "4x6") -> Page:
    width, height = SIZES[size]
    page = Page(width, height)
    inner, low = width - 10, height - 73.4  # what is below the recipient hangs from the lower edge
    page.caption("From", 5, 4, room=50)
    letters, lines = fit(label.sender, 50, 17, (7, 6.5, 6, 5, 4), leading=1.3)
    page.write(lines, 5, 7.4, letters, room=50, colour=BLACK)
    right = width - 45
    letters, lines = fit(
        [label.carrier or "Parcel"], 40, 9, (17, 15, 13, 11, 9, 7, 6), leading=1.2, bold=True
    )
    end = page.write(lines, right, 4.4, letters, leading=1.2, room=40, align="right", bold=True, colour=BLACK)
    letters, lines = fit([label.service], 40, 25 - end, (10, 9, 8, 7, 6, 5), leading=1.3)
    page.write(lines, right, end, letters, room=40, align="right", colour=BLACK)

    page.caption("Ship to", 5, 28.4, room=50)
    letters, _ = fit(label.to.lines, inner, low - 35, LETTERS, leading=1.3, bold=True, lang=label.to.language)
    recipient(page, label.to.lines, label.to.name, label.to.language, 5, 32.4, inner, letters, leading=1.3)

    page.caption("Order", 5, low + 2, room=48)
    letters, lines = fit([label.order], 50, 9, (13, 11, 9, 7, 6, 5, 4), leading=1.15, bold=True)
    page.write(lines, 5, low + 5.2, letters, leading=1.15, room=50, bold=True, colour=BLACK)
    page.caption("Parcel", 58, low + 2, room=20)
    page.write(f"{label.parcel} of {label.parcels}", 58, low + 5.2, 13, leading=1.2, room=20, bold=True)
    page.caption("Weight", 79, low + 2, room=20)
    page.write(
        label.weight or "–", 79, low + 5.2, 13 if len(label.weight) < 8 else 10, leading=1.2, bold=True
    )

    _bars(page, label.code, low + 19, 29)
    page.write(label.code, 0, low + 49.6, 18, leading=1.1, room=width, align="center", bold=True, spaced=0.06)
    rules = [(0.0, top, width, 0.5) for top in (26.0, low, low + 15)]
    if label.tracking_number:
        page.caption("Tracking number", 5, low + 61.2, room=60)
        letters, lines = fit([label.tracking_number], inner, 7, (13, 11, 9, 7, 6, 5), leading=1.2, bold=True)
        page.write(lines, 5, low + 64.6, letters, leading=1.2, room=inner, bold=True, colour=BLACK)
        rules.append((0.0, low + 60, width, 0.5))
    page.ink.append(Ink(tuple(rules)))
    return page


def small_label(label: LabelContext, width: float, height: float) -> Page:
    """What fits on a sticker too small for the whole label: the recipient, the order and the code."""
    page = Page(width, height)
    edge = 3.0 if min(width, height) > 30 else 2.0
    inner, foot = width - 2 * edge, min(17.0, height * 0.36)
    letters, _ = fit(
        label.to.lines, inner, height - foot - edge - 1, LETTERS[3:], leading=1.25, bold=True, lang=label.to.language
    )  # fmt: skip
    recipient(
        page, label.to.lines, label.to.name, label.to.language, edge, edge, inner, letters, leading=1.25
    )
    _bars(page, label.code, height - foot, foot - 5.5, room=inner)
    text = f"{label.code}   {label.order}   {label.parcel}/{label.parcels}"
    letters, lines = fit([text], inner, 3.4, (7, 6, 5, 4), leading=1.2)
    page.write(lines[:1], edge, height - 5, letters, leading=1.2, room=inner, align="center", colour=BLACK)
    return page


def issued_page(source: str, size: str = "4x6") -> Page:
    """A label that the carrier issued as a picture, as large as ours."""
    width, height = SIZES[size]
    return Page(width, height, pictures=[Picture(source, 0, 0, width, height, centred=True)])


def zpl_only_page(label: LabelContext, size: str = "4x6") -> Page:
    """In the place of a label that only a thermal printer can draw."""
    width, height = SIZES[size]
    page = Page(width, height)
    page.write(label.carrier or "Carrier’s label", 5, 20, 16, room=width - 10, bold=True, colour=BLACK)
    text = ("The carrier’s label of this parcel is for", "thermal printers: print it from the ZPL file.")
    page.write(text, 5, 32, 10, room=width - 10, colour=BLACK)
    _bars(page, label.code, 60, 24)
    page.write(label.code, 0, 88, 16, room=width, align="center", bold=True, spaced=0.06, colour=BLACK)
    page.write(label.order, 0, 98, 11, room=width, align="center", colour=BLACK)
    return page


def _bars(page: Page, code: str, top: float, height: float, room: float = 84) -> None:
    """The parcel's code in the middle, its bars on whole dots."""
    bars = code128(code)
    module = next((size for size in MODULES if bars.width * size <= room), room / bars.width)
    width = bars.width * module
    left = round((page.width - width) / 2 / _DOT) * _DOT
    page.ink.append(Ink.code(bars, left=left, top=top, width=width, height=height))
