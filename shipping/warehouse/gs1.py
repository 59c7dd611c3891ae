"""What a scanner typed, read as a thing: a plain SKU, a GTIN, or a GS1 element string.

After the GS1 General Specifications: section 3 (application identifiers), 7.8 (processing of element strings:
figure "element strings with predefined length", FNC1 as separator), 7.9 (check digits), 7.12 (century of dates),
3.4.7 (expiry, day 00 is the month's last) and 5 (symbology identifiers).
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

GS = "\x1d"
_SEPARATORS = re.compile(r"\^\]|<GS>|\{GS\}|[|\x1d\x1e\x04\u241d]")  # how scanners and keyboards write FNC1
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS1_SYMBOLS = {"]C1", "]d2", "]Q3", "]e0", "]J1"}
_BRACKET = re.compile(r"\((\d{2,4})\)")
_PREDEFINED = {"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16} | {
    str(ai): 8 for ai in range(11, 20)
} | {str(ai): 10 for ai in range(31, 37)}  # fmt: skip
"""Characters of an element string, its identifier included, by the identifier's first two digits."""
_VALUES = {
    "00": re.compile(r"\d{18}"),
    "01": re.compile(r"\d{14}"),
    "02": re.compile(r"\d{14}"),
    "10": re.compile(r"[!-z]{1,20}"),
    "17": re.compile(r"\d{6}"),
    "21": re.compile(r"[!-z]{1,20}"),
    "37": re.compile(r"\d{1,8}"),
}
_CHECKED = ("00", "01", "02")


@dataclass(frozen=True)
class Item:
    """`text` is what was scanned, tidied: it may be a SKU whatever else it is. `gtin` has 14 digits. `pieces` is
    how many a logistic unit holds (AI 37), 1 for a single thing. `misread`: a GS1 code whose check digit or
    structure is wrong, so nothing in it may be believed."""

    text: str
    gtin: str = ""
    lot: str = ""
    serial: str = ""
    expiry: str = ""
    sscc: str = ""
    pieces: int = 1
    misread: bool = False

    @property
    def gtins(self) -> list[str]:
        """The GTIN in every length that a catalogue may have it in."""
        if not self.gtin:
            return []
        return [self.gtin] + [
            self.gtin[14 - n :] for n in (13, 12, 8) if self.gtin[: 14 - n] == "0" * (14 - n)
        ]

    def expires(self, today: date) -> date | None:
        return read_date(self.expiry, today)

    def details(self, today: date) -> dict[str, str]:
        """What is kept with the scan."""
        expires = self.expires(today)
        said = {
            "gtin": self.gtin, "lot": self.lot, "serial": self.serial, "sscc": self.sscc,
            "expiry": expires.isoformat() if expires else "",
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}


def read(code: str) -> Item:
    """Never raises: what is nothing else is plain text."""
    symbol = _SYMBOLOGY.match(code.strip())
    typed = code.strip()[symbol.end() if symbol else 0 :]
    text = _SEPARATORS.sub(GS, typed).strip(GS + " \t\r\n")
    text = "".join(char for char in text if char == GS or char.isprintable()).strip()
    if text.startswith("("):
        found = _bracketed(text)
        if found is not None:
            return _item(text.replace(GS, " "), found)
    explicit = bool(symbol and symbol[0] in _GS1_SYMBOLS)
    if explicit or GS in text or _looks_raw(text):
        found = _raw(text)
        if found:
            return _item(text.replace(GS, " "), found)
        if explicit or "\x1d" in typed:
            return Item(text.replace(GS, " "), misread=True)
        text = "".join(char for char in typed if char.isprintable()).strip()
    plain = text.replace(" ", "")
    if _digits(plain) and check_digit_ok(plain):
        if len(plain) == 18:
            return Item(text, sscc=plain)
        if len(plain) in (8, 12, 13, 14):
            return Item(text, gtin=plain.zfill(14))
    return Item(text)


def check_digit_ok(digits: str) -> bool:
    """GS1's modulo 10 over a GTIN or an SSCC: weights 3 and 1 from the right, the check digit itself left out."""
    if not _digits(digits) or len(digits) < 2 or not int(digits):
        return False
    total = sum(int(digit) * (3, 1)[n % 2] for n, digit in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == int(digits[-1])


def read_date(text: str, today: date) -> date | None:
    """YYMMDD. The century is the one that puts the year from 49 before to 50 after this one; day 00 is the
    last of the month. None for what is no date."""
    if not (_digits(text) and len(text) == 6):
        return None
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    apart, century = year - today.year % 100, today.year - today.year % 100
    year += century - 100 * (apart >= 51) + 100 * (apart <= -50)
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:  # calendar.IllegalMonthError is one
        return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _looks_raw(text: str) -> bool:
    """A scanner that drops the symbology identifier: the string must begin with a true GTIN or SSCC."""
    ai, length = text[:2], _PREDEFINED.get(text[:2], 0)
    return ai in _CHECKED and len(text) >= length and check_digit_ok(text[2:length])


def _bracketed(text: str) -> dict[str, str] | None:
    """None when it only happens to begin with a bracket."""
    marks = list(_BRACKET.finditer(text))
    if not marks or marks[0].start():
        return None
    found: dict[str, str] = {}
    starts = [mark for n, mark in enumerate(marks) if n == 0 or mark[1] in _VALUES or len(mark[1]) > 2]
    for n, mark in enumerate(starts):
        end = starts[n + 1].start() if n + 1 < len(starts) else len(text)
        found.setdefault(mark[1], text[mark.end() : end].strip(GS + " "))
    return found if found.keys() & _VALUES.keys() else None


def _raw(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = text
    while rest := rest.lstrip(GS):
        ai, end = rest[:2], _PREDEFINED.get(rest[:2])
        if not _digits(ai) or (end and len(rest) < end):
            return {}
        if end is None:
            end = rest.find(GS) if GS in rest else len(rest)
        found.setdefault(ai, rest[2:end])
        rest = rest[end:]
    return found if found.keys() & _VALUES.keys() else {}


def _item(text: str, found: dict[str, str]) -> Item:
    known = {ai: value for ai, value in found.items() if ai in _VALUES}
    bad = any(not _VALUES[ai].fullmatch(value) for ai, value in known.items())
    bad = bad or any(not check_digit_ok(known[ai]) for ai in _CHECKED if ai in known)
    if bad:
        return Item(text, misread=True)
    inside = "02" in known
    return Item(
        text,
        gtin=known.get("01", known.get("02", "")),
        lot=known.get("10", ""),
        serial=known.get("21", ""),
        expiry=known.get("17", ""),
        sscc=known.get("00", ""),
        pieces=int(known.get("37", 1)) if inside else 1,
    )
