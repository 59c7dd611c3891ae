"""What an SMS costs (pure): the GSM 7-bit default alphabet and its extension table of 3GPP TS 23.038,
how long texts are cut (TS 23.040: 160 septets or 70 UTF-16 units alone, 153 or 67 as a part of several),
and how a text stays inside the cheap alphabet."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""TS 23.038 section 6.2.1, less the escape itself: one septet each."""

EXTENSION = frozenset("\f^{}\\[~]|€")
"""TS 23.038 section 6.2.1.1: the escape and one more, two septets each."""

_ALONE = {"gsm-7": 160, "ucs-2": 70}
_PART = {"gsm-7": 153, "ucs-2": 67}

_TWINS = str.maketrans(
    dict.fromkeys("‘’‚‛′ʼ´`‹›", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("\u2010\u2011\u2012–—―−•‣", "-")
    | dict.fromkeys("\t\u00a0\u2007\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " ")
    | dict.fromkeys("\u2028\u2029", "\n")
    # Invisible: soft hyphen, zero-width spaces and joiners, byte order mark, marks of writing direction.
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u061c\ufe0e\ufe0f", "")
    | dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "")
    | {"…": "...", "→": "->", "←": "<-", "×": "x", "⁄": "/", "∕": "/", "∆": "Δ", "∶": ":"}
)


@dataclass(frozen=True)
class Segments:
    """`units` are septets of GSM-7 or UTF-16 code units of UCS-2; `count` is what is paid for."""

    encoding: Literal["gsm-7", "ucs-2"]
    units: int
    count: int


def segments(text: str) -> Segments:
    """What this text costs as it stands; `keep_gsm` first may make it cheaper."""
    encoding, units_of = _how(text)
    return Segments(encoding, sum(map(units_of, text)), len(parts(text)))


def parts(text: str) -> list[str]:
    """The text as it is cut. No cut goes through an escape pair or a surrogate pair, so that a part may stay
    one unit short."""
    encoding, units_of = _how(text)
    if sum(map(units_of, text)) <= _ALONE[encoding]:
        return [text] if text else []
    cut: list[str] = []
    start = used = 0
    for at, letter in enumerate(text):
        size = units_of(letter)
        if used + size > _PART[encoding]:
            cut.append(text[start:at])
            start, used = at, 0
        used += size
    return [*cut, text[start:]]


def keep_gsm(text: str) -> str:
    """The same words in the GSM alphabet, where all that stands in the way has a twin there: curly quotes,
    dashes, spaces that do not break. Letters have none: Polish, Arabic or Japanese is left just as it was,
    since it is paid for as UCS-2 either way."""
    if fits_gsm(text):
        return text
    twin = unicodedata.normalize("NFC", text).translate(_TWINS)
    return twin if fits_gsm(twin) else text


def fits_gsm(text: str) -> bool:
    return all(letter in DEFAULT or letter in EXTENSION for letter in text)


def _how(text: str) -> tuple[Literal["gsm-7", "ucs-2"], Callable[[str], int]]:
    return ("gsm-7", _septets) if fits_gsm(text) else ("ucs-2", _code_units)


def _septets(letter: str) -> int:
    return 2 if letter in EXTENSION else 1


def _code_units(letter: str) -> int:
    return 2 if ord(letter) > 0xFFFF else 1
