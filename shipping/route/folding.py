"""One spelling for the many ways in which a place is written."""

import re
import unicodedata

_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
_GENERIC = re.compile(
    r"\b(region|area|metro|hub|gateway|facility|depot|airport|(distribution|sorting|sort|processing|logistics|parcel|delivery|mail|network)"
    r" (center|centre|facility|station)|(regional|international|network|national) (distribution|sorting) (center|centre)"
    r"|paketzentrum|briefzentrum|service (center|centre)|p&dc|ndc)\b",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """Letters and digits alone, without case, accents or width: "São-Paulo" and "SAO PAULO" are "saopaulo"."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return unicodedata.normalize("NFC", "".join(char for char in plain if char.isalnum()))


def spellings(text: str) -> list[str]:
    """Folded readings of a scan's place, the likeliest first: as written, then without what is no part of a
    town's name. Chinese and Japanese write from the large to the small without a gap, so there the beginning counts."""
    first = re.split(r"[,(/;]| - ", text)[0]
    readings = [text, first, _GENERIC.sub(" ", first)]
    keys = [fold(reading) for reading in readings]
    keys += [re.sub("([aou])e", r"\1", key) for key in keys]  # Muenchen, Koeln
    keys += [
        key[:end] for key in keys[:1] if key[0:1] > "\u2e80" for end in range(min(len(key), 12) - 1, 1, -1)
    ]
    return [key for key in dict.fromkeys(keys) if key]
