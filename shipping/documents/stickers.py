"""Labels on sheets of stickers, and the page that shows how far a printer is off."""

from collections.abc import Sequence
from decimal import Decimal

from shipping.documents.contexts import LabelContext
from shipping.documents.label import SIZES, label_page, small_label
from shipping.documents.options import Sheet
from shipping.documents.page import Ink, Page
from shipping.documents.slip import PAPERS
from shipping.models import LabelSheet

SMALLEST = 0.62  # a label smaller than this part of its size is set anew instead, with less on it


def problems_of(sheet: Sheet) -> list[str]:
    """What does not fit the paper, in words; empty when all is well."""
    wide, high = PAPERS[sheet.paper]
    found = []
    across = sheet.left + sheet.columns * sheet.width + (sheet.columns - 1) * sheet.gap_x
    down = sheet.top + sheet.rows * sheet.height + (sheet.rows - 1) * sheet.gap_y
    if across > Decimal(str(wide)) + Decimal("0.5"):
        found.append(f"{sheet.columns} columns take {across:g} mm; the paper is {wide:g} mm wide.")
    if down > Decimal(str(high)) + Decimal("0.5"):
        found.append(f"{sheet.rows} rows take {down:g} mm; the paper is {high:g} mm high.")
    if sheet.width < 30 or sheet.height < 18:
        found.append("A label needs at least 30 × 18 mm to hold an address and its code.")
    if not 1 <= sheet.rows * sheet.columns <= 500:
        found.append("A sheet has 1 to 500 labels.")
    return found


def sheet_pages(
    labels: Sequence[LabelContext], sheet: Sheet, *, start: int = 1, copies: int = 1
) -> list[Page]:
    """The labels row by row, each `copies` times, from the sheet's `start`th sticker on."""
    places = sheet.rows * sheet.columns
    pages: list[Page] = []
    cells = [label for label in labels for _ in range(copies)]
    for index, label in enumerate(cells, start - 1):
        if not pages or index % places == 0:
            pages.append(Page(*PAPERS[sheet.paper]))
        left, top = corner(sheet, index % places)
        _put(pages[-1], label, left, top, float(sheet.width), float(sheet.height))
    return pages


def corner(sheet: Sheet, place: int) -> tuple[float, float]:
    """Left and top of a sticker, counted from 0, with the printer's shift taken out."""
    row, column = divmod(place, sheet.columns)
    left = sheet.left + column * (sheet.width + sheet.gap_x) + sheet.shift_x
    top = sheet.top + row * (sheet.height + sheet.gap_y) + sheet.shift_y
    return float(left), float(top)


def _put(page: Page, label: LabelContext, left: float, top: float, wide: float, high: float) -> None:
    full = SIZES["4x6"]
    scale = min(wide / full[0], high / full[1], 1)
    if scale < SMALLEST:
        page.put(small_label(label, wide, high), left, top)
        return
    across, down = left + (wide - full[0] * scale) / 2, top + (high - full[1] * scale) / 2
    page.put(label_page(label), across, down, scale)


def calibration_page(name: str, sheet: Sheet) -> Page:
    """Every sticker's outline with its number, and rulers along two edges: print it on plain paper, hold it against
    a sheet, and enter how far the outlines are off."""
    width, height = PAPERS[sheet.paper]
    page = Page(width, height)
    lines = []
    wide, high = float(sheet.width), float(sheet.height)
    for place in range(sheet.rows * sheet.columns):
        left, top = corner(sheet, place)
        lines += [
            (left, top, wide, 0.2),
            (left, top + high - 0.2, wide, 0.2),
            (left, top, 0.2, high),
            (left + wide - 0.2, top, 0.2, high),
            (left + wide / 2 - 3, top + high / 2, 6.0, 0.2),
            (left + wide / 2, top + high / 2 - 3, 0.2, 6.0),
        ]
        size = min(14.0, high / 4)
        page.write(f"{place + 1}", left + 2, top + 1.5, size, room=wide - 4, bold=True)
    for mm in range(0, int(width)):
        lines.append((float(mm), 0.0, 0.15, 6.0 if mm % 10 == 0 else 4.0 if mm % 5 == 0 else 2.5))
    for mm in range(0, int(height)):
        lines.append((0.0, float(mm), 6.0 if mm % 10 == 0 else 4.0 if mm % 5 == 0 else 2.5, 0.15))
    for mm in range(20, int(width) - 10, 20):
        page.write(f"{mm}", mm - 5, 6.2, 6, room=10, align="center")
    for mm in range(20, int(height) - 10, 20):
        page.write(f"{mm}", 6.6, mm - 1.3, 6, room=10)
    page.ink.append(Ink(tuple(lines)))
    text = (
        name,
        "Print at 100 %, hold it against a sheet of stickers, and enter how many millimetres",
        "the outlines must move to the right and down (minus for left and up).",
    )
    middle = height / 2
    page.ink.append(Ink(((width / 2 - 62, middle - 9, 124, 18),), colour="#ffffff"))
    page.write(text[:1], width / 2 - 60, middle - 8, 11, room=120, align="center", bold=True)
    page.write(text[1:], width / 2 - 60, middle - 1.5, 8, room=120, align="center")
    return page


def sheet_of(row: LabelSheet) -> Sheet:
    return Sheet(
        row.paper,
        row.rows,
        row.columns,
        row.top,
        row.left,
        row.width,
        row.height,
        row.gap_x,
        row.gap_y,
        row.shift_x,
        row.shift_y,
    )
