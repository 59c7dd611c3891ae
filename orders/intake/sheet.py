"""Orders from a CSV file: one row a line, the rows of one order next to each other.

Pure reading: no database. `docs/csv.md` documents the columns for merchants; a test keeps it in step.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from orders.incoming import MAX_LINES, IncomingAddress, IncomingLine, IncomingOrder, Problem
from orders.intake.text import MAX_LINE, WRONG_ENCODING, Unreadable

COLUMNS: dict[str, tuple[bool, str]] = {
    "order_id": (True, "Your shop's id of the order; the rows of one order stand next to each other."),
    "placed_at": (
        True,
        "When it was placed, like 2026-03-04T10:30 or with a zone, +01:00. Without one: your zone.",
    ),
    "email": (False, "The customer's e-mail. E-mail or phone is needed."),
    "phone": (False, "The customer's phone with its country, like +49 30 1234567."),
    "name": (True, "Who it goes to."),
    "company": (False, "Company of the recipient."),
    "address1": (True, "Street and number."),
    "address2": (False, "Further address line."),
    "city": (True, "Town."),
    "region": (False, "State or region."),
    "postal_code": (False, "Postcode."),
    "country": (True, "Two letters, like DE."),
    "sku": (True, "Your article number."),
    "product_name": (False, "What the article is called; your catalogue's name if empty."),
    "quantity": (True, "Whole number of pieces."),
    "unit_price": (False, "Price of one piece with a point, like 9.50."),
    "weight_g": (False, "Weight of one piece in grams; used for an article not seen before."),
    "currency": (False, "Three letters, like EUR; your currency if empty."),
    "locale": (False, "The customer's language, like en or de-AT."),
    "service": (False, "Shipping service asked for, like express."),
    "promised_on": (False, "The day you promised, like 2026-03-09."),
    "number": (False, "Your own order number to print; ours if empty."),
    "gift_message": (False, "Printed on the slip."),
    "note": (False, "For your staff only."),
    "shipping_price": (False, "Price of shipping with a point."),
}
"""Column -> (must have a value, what it means)."""

FIELD_OF = {"external_id": "order_id", "line1": "address1", "line2": "address2", "lines": "sku"}
"""Names of an order's fields where they differ from the column's."""

PER_LINE = ("sku", "product_name", "quantity", "unit_price", "weight_g")


@dataclass(frozen=True)
class RowProblem:
    """`row` counts as a spreadsheet does: the header is 1."""

    row: int
    column: str
    message: str


@dataclass(frozen=True)
class SheetOrder:
    """One order as the sheet has it: readable (`order`) or not (`problems`). `rows` are its rows' numbers."""

    external_id: str
    rows: tuple[int, ...]
    order: IncomingOrder | None
    problems: tuple[RowProblem, ...]

    def locate(self, problem: Problem) -> RowProblem:
        """Where in the sheet a problem of the order is."""
        row = self.rows[problem.line] if problem.line is not None else self.rows[0]
        return RowProblem(row, FIELD_OF.get(problem.field, problem.field), problem.message)


def read_orders(lines: Iterable[str], *, zone: tzinfo) -> Iterator[SheetOrder]:
    """Orders in the sheet's order, never more than one in memory. Raises Unreadable when the file as a whole
    is no such sheet (header, encoding); a bad row only spoils its order."""
    try:
        yield from _grouped(_rows(lines), zone)
    except UnicodeError:
        raise Unreadable(WRONG_ENCODING) from None
    except csv.Error as error:
        raise Unreadable(f"The file is no CSV that we can read: {error}.") from None


def _guarded(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise Unreadable(f"Line {number} is {len(line):,} characters long; {MAX_LINE:,} is the most.")
        yield line


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str], str]]:
    source = _guarded(_bounded(lines))
    first = next(source, "")
    dialect = max(",;\t", key=first.count)
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=dialect), [])]
    _check_header(header)
    reader = csv.reader(source, delimiter=dialect)
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        wrong = "" if len(cells) == len(header) else f"has {len(cells)} cells; the header has {len(header)}"
        yield (
            reader.line_num + 1,
            dict(zip(header, (unformula(c.strip()) for c in cells), strict=False)),
            wrong,
        )


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    """Lines of a text file, read with a limit so that a line of gigabytes is not read whole."""
    readline = getattr(lines, "readline", None)
    if readline is None:
        yield from lines
        return
    while line := readline(MAX_LINE + 1):
        yield line


def unformula(cell: str) -> str:
    """Drop the apostrophe that spreadsheets and our own exports put before =, +, - and @."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in "=+-@" else cell


def _check_header(header: list[str]) -> None:
    missing = [name for name, (needed, _) in COLUMNS.items() if needed and name not in header]
    if missing:
        raise Unreadable(
            f"The first row must name the columns. Missing: {', '.join(missing)}. Found: "
            f"{', '.join(name[:30] for name in header[:30]) or 'nothing'}."
        )
    double = sorted({name for name in header if name in COLUMNS and header.count(name) > 1})
    if double:
        raise Unreadable(f"The column {', '.join(double)} is there twice.")


def _grouped(rows: Iterator[tuple[int, dict[str, str], str]], zone: tzinfo) -> Iterator[SheetOrder]:
    block: list[tuple[int, dict[str, str], str]] = []
    for row in rows:
        if block and row[1].get("order_id", "") != block[0][1].get("order_id", ""):
            yield _order(block, zone)
            block = []
        block.append(row)
        if len(block) > MAX_LINES + 1:
            block.pop()  # the order is refused for its size; what exceeds it need not be kept
    if block:
        yield _order(block, zone)


def _order(block: list[tuple[int, dict[str, str], str]], zone: tzinfo) -> SheetOrder:
    problems: list[RowProblem] = []
    for number, cells, wrong in block:
        if not wrong and not any(cells.get(name) for name in ("sku", "product_name", "quantity")):
            problems.append(RowProblem(number, "sku", "the order has no lines: there is nothing to send"))
            continue
        if wrong:
            problems.append(
                RowProblem(number, "", f"The row {wrong}. Is a comma or a quotation mark missing?")
            )
            continue
        needed = [name for name, (must, _) in COLUMNS.items() if must and not cells.get(name)]
        # Only the first row of an order must carry what belongs to the whole order.
        needed = [name for name in needed if number == block[0][0] or name in (*PER_LINE, "order_id")]
        problems += [RowProblem(number, name, "is missing") for name in needed]
    read = _Reader(problems)
    head, rows = block[0][1], tuple(number for number, _, _ in block)
    lines = tuple(
        IncomingLine(
            sku=cells.get("sku", ""),
            name=cells.get("product_name", ""),
            quantity=read.whole(number, cells, "quantity", 1),
            unit_price=read.money(number, cells, "unit_price"),
            weight_g=read.whole(number, cells, "weight_g", 0),
        )
        for number, cells, _ in block
    )
    order = IncomingOrder(
        source="csv",
        external_id=head.get("order_id", ""),
        placed_at=read.moment(rows[0], head, "placed_at", zone),
        address=IncomingAddress(
            name=head.get("name", ""),
            company=head.get("company", ""),
            line1=head.get("address1", ""),
            line2=head.get("address2", ""),
            city=head.get("city", ""),
            region=head.get("region", ""),
            postal_code=head.get("postal_code", ""),
            country=head.get("country", ""),
        ),
        lines=lines,
        promised_on=read.day(rows[0], head, "promised_on"),
        shipping_price=read.money(rows[0], head, "shipping_price"),
        **{
            name: head.get(name, "")
            for name in ("email", "phone", "number", "currency", "locale", "service", "gift_message", "note")
        },
    )
    return SheetOrder(head.get("order_id", ""), rows, None if problems else order, tuple(problems))


class _Reader:
    """Turns cells into values; what cannot be turned is noted and stands in as something harmless."""

    def __init__(self, problems: list[RowProblem]) -> None:
        self._problems = problems

    def _bad(self, row: int, column: str, cell: str, wanted: str) -> None:
        self._problems.append(RowProblem(row, column, f"“{cell[:40]}” is no {wanted}"))

    def whole(self, row: int, cells: dict[str, str], column: str, default: int) -> int:
        cell = cells.get(column, "")
        if not cell:
            return default
        if cell.isascii() and cell.isdigit() and len(cell) <= 9:
            return int(cell)
        self._bad(row, column, cell, "whole number")
        return default

    def money(self, row: int, cells: dict[str, str], column: str) -> Decimal:
        cell = cells.get(column, "")
        try:
            value = Decimal(cell or 0)
            if not value.is_finite() or not 0 <= value <= Decimal(10) ** 9:
                raise InvalidOperation
        except InvalidOperation:
            self._bad(row, column, cell, "price; write it like 9.50")
            return Decimal(0)
        return value.quantize(Decimal("0.01"))

    def moment(self, row: int, cells: dict[str, str], column: str, zone: tzinfo) -> datetime:
        cell = cells.get(column, "")
        try:
            moment = datetime.fromisoformat(cell)
            if not 2000 <= moment.year < 2200:
                raise ValueError
        except ValueError:
            if cell:
                self._bad(row, column, cell, "time; write it like 2026-03-04T10:30")
            return datetime(2000, 1, 1, tzinfo=zone)
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def day(self, row: int, cells: dict[str, str], column: str) -> date | None:
        cell = cells.get(column, "")
        try:
            return date.fromisoformat(cell) if cell else None
        except ValueError:
            self._bad(row, column, cell, "day; write it like 2026-03-09")
            return None
