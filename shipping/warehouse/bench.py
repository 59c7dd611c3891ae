"""The pack station's thinking, without a database: what was asked for, which line a thing belongs to, what a
parcel should weigh."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shipping.warehouse.gs1 import Item

MOST_G = 1_000_000
TOLERANCE_G, TOLERANCE = 50, 0.10
_MANY = re.compile(r"(\d{1,4})\s*[*×]\s*(\S.*)")
_WEIGHT = re.compile(r"(?:=WEIGHT\s+)?(\d{1,7}(?:[.,]\d{1,3})?)\s*(G|KG)", re.ASCII)
_ORDER = re.compile(r"=(UNDO|DONE|SPLIT|WEIGHT|BOX|PRINT)(?:\s+(\S+))?")


class Verb(StrEnum):
    """What a scan asks of the station. All but an item are written `=VERB` or `=VERB argument`, as the page's
    buttons send them and as bar codes on the bench may say them."""

    ITEM = "ITEM"
    UNDO = "UNDO"
    DONE = "DONE"
    SPLIT = "SPLIT"
    WEIGHT = "WEIGHT"
    BOX = "BOX"
    PRINT = "PRINT"


@dataclass(frozen=True)
class Asked:
    verb: Verb
    text: str = ""
    pieces: int = 1
    typed: bool = False

    @property
    def number(self) -> int:
        """The argument, where it is a number that a row may have; else 0."""
        return int(self.text) if self.text.isascii() and self.text.isdecimal() and len(self.text) < 19 else 0


@dataclass(frozen=True)
class Line:
    """A line of the parcel on the bench."""

    pk: int
    product: int
    sku: str
    gtin: str
    quantity: int
    packed: int
    weight_g: int = 0

    @property
    def missing(self) -> int:
        return self.quantity - self.packed


def asked(code: str) -> Asked:
    upper = code.upper()
    if weight := _WEIGHT.fullmatch(upper):
        grams = float(weight[1].replace(",", ".")) * (1000 if weight[2] == "KG" else 1)
        return Asked(Verb.WEIGHT, str(round(grams)))
    if order := _ORDER.fullmatch(upper):
        return Asked(Verb(order[1]), order[2] or "")
    if (many := _MANY.fullmatch(code)) and int(many[1]):
        return Asked(Verb.ITEM, many[2], int(many[1]), typed=True)
    return Asked(Verb.ITEM, code)


def fitting(lines: Sequence[Line], item: Item) -> list[Line]:
    """The lines that this thing may belong to: by SKU as written, else by GTIN, else by SKU in any case."""
    gtins, folded = set(item.gtins), item.text.casefold()
    return (
        [line for line in lines if line.sku == item.text]
        or [line for line in lines if line.gtin and line.gtin in gtins]
        or [line for line in lines if line.sku.casefold() == folded]
    )


def put_in(fits: Sequence[Line], pieces: int) -> dict[int, int]:
    """How many of the pieces go to which of the lines; {} when they do not all fit."""
    if pieces > sum(line.missing for line in fits):
        return {}
    took: dict[int, int] = {}
    for line in fits:
        if here := min(line.missing, pieces - sum(took.values())):
            took[line.pk] = here
    return took


def expected_g(lines: Sequence[Line], box_g: int) -> int | None:
    """What the packed pieces and the box weigh; None when a thing's weight is not known."""
    packed = [line for line in lines if line.packed]
    if not packed or any(not line.weight_g for line in packed):
        return None
    return sum(line.weight_g * line.packed for line in packed) + box_g


def weight_warning(measured: int, expected: int | None, limit: int) -> str:
    if limit and measured > limit:
        return f"This box may weigh {kilos(limit)} at most."
    if expected is None or abs(measured - expected) <= max(TOLERANCE_G, expected * TOLERANCE):
        return ""
    apart = "heavier" if measured > expected else "lighter"
    return f"{kilos(abs(measured - expected))} {apart} than it should be ({kilos(expected)}). Check what is in the box."


def kilos(grams: int) -> str:
    return f"{grams} g" if grams < 1000 else f"{grams / 1000:.2f} kg"
