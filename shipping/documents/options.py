"""How papers are to be printed, beside what is on them."""

from dataclasses import dataclass
from decimal import Decimal

from orders.models import LabelSize, PaperSize


@dataclass(frozen=True)
class Sheet:
    """A sheet of sticky labels, in millimetres. Labels are counted row by row from 1."""

    paper: str
    rows: int
    columns: int
    top: Decimal
    left: Decimal
    width: Decimal
    height: Decimal
    gap_x: Decimal
    gap_y: Decimal
    shift_x: Decimal = Decimal(0)
    shift_y: Decimal = Decimal(0)


@dataclass(frozen=True)
class Options:
    """`sheet` puts labels onto a sheet of sticky labels, from its `start`th place on."""

    paper: str = PaperSize.A4
    label_size: str = LabelSize.FOUR_BY_SIX
    sheet: Sheet | None = None
    start: int = 1
    copies: int = 1
