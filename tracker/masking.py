"""What whoever has the link may not learn from a carrier's words: who lives where, and what would prove the order theirs (pure).

phones and mails    anybody's
names, the street   the customer's, whole and in parts
the postcode        the customer's, until they have proved something: it is what the page asks for
"""

import re
import unicodedata
from functools import lru_cache

from orders.access import Tier
from orders.models import Order
from orders.numerals import plain_digits
from shipping.models import TrackingEvent

GONE = "…"
_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.\w+")
_DIGITS = re.compile(r"\d")

# --- phones, and not hours or days ---------------------------------------------------------------------------
_PHONE = re.compile(r"(?:\+\s?)?\(?\d[\d ()/.\u00a0\u2010-\u2014\u2212\uff08\uff09\uff0d-]{5,}\d")
_LONGEST_RUN = 17
"""Digits of the longest number with its prefix; more of them in one run are a parcel's number, not a phone's."""
_CLEAR = re.compile(
    r"(?<!\d)((?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01])(?![\d/-])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\3(?:19|20)\d\d(?!\d)"
    r"|(?:(?:[01]?\d|2[0-4]) ?[-\u2010-\u2014] ?)?(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?(?!\d)"
    r"(?: ?[-\u2010-\u2014] ?(?:[01]?\d|2[0-4])(?![\d:]))?)"
)
"""Days with their year and times with a colon: no phone is written so, and the digits beside them are judged without."""
_HOUR = r"(?:[01]?\d|2[0-4])"
_RANGE = rf"{_HOUR}(?:\.[0-5]\d)? ?[-\u2010-\u2014] ?{_HOUR}(?:\.[0-5]\d)?"
_CLOCKS = r"(?:[01]\d|2[0-4])(?:00|15|30|45) ?[-\u2010-\u2014] ?(?:[01]\d|2[0-4])(?:00|15|30|45)"
_D, _M = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_DAY = rf"(?:{_D}\.{_M}\.?(?:\d\d)?|{_D}/{_D}/\d\d|{_D}-{_D}-\d\d)"
_DAYS = rf"{_DAY}(?: ?[-\u2010-\u2014] ?{_DAY})?"
_COMPACT = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?: ?[0-2]\d[0-5]\d(?:[0-5]\d)?)?"
_ONE = rf"(?:{_CLOCKS}|{_RANGE}|{_DAYS}|{_COMPACT})"
_HOURS = re.compile(rf"{_ONE}(?:(?:\s*/\s*|\s+){_ONE})*")


@lru_cache(maxsize=4096)
def without_contacts(text: str) -> str:
    """A text without mails and phones. Carriers say the same few things again and again: hence the memory."""
    text = _EMAIL.sub(GONE, text)
    if not _DIGITS.search(text):
        return text
    plain, parts, at = plain_digits(text), [], 0
    for clear in _CLEAR.finditer(plain):
        parts += [_without_phones(text[at : clear.start()]), text[clear.start() : clear.end()]]
        at = clear.end()
    return "".join([*parts, _without_phones(text[at:])])


def _without_phones(text: str) -> str:
    return _PHONE.sub(lambda found: GONE if _is_phone(plain_digits(found[0])) else found[0], text)


def _is_phone(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    fewest = 9 if written.isdecimal() else 7 if written.startswith(("+", "(")) else 8
    most = _LONGEST_RUN if written.isdecimal() else len(written)
    return fewest <= len(digits) <= most and not _HOURS.fullmatch(written.strip("( "))


# --- names ---------------------------------------------------------------------------------------------------
_PARTS = re.compile(r"[\s,;/()・·•.＝=]+")
_PARTICLES = frozenset({"von", "van", "den", "der", "del", "dos", "das", "des", "zur", "zum", "the", "and", "und", "for", "herr", "frau",
                        "mrs", "ibn", "bin", "bint", "abu"})  # fmt: skip
"""Parts of names that are everyday words as well."""


def _unspaced(text: str) -> bool:
    """In a script that sets no spaces between words."""
    return any("\u2e80" <= char <= "\ua4cf" or "\uac00" <= char <= "\ufaff" or "\u0e00" <= char <= "\u0eff" for char in text)  # fmt: skip


def _latin(text: str) -> bool:
    return all(char < "\u0250" or "\u1e00" <= char <= "\u1eff" for char in text)


def name_parts(name: str) -> set[str]:
    """The name and each part of it that gives somebody away; of a name written in one, its beginning and its end."""
    name = unicodedata.normalize("NFC", name)
    parts = {name, *(part for part in _PARTS.split(name)), *(half for half in re.split(r"[\s-]+", name))}
    for part in list(parts):
        if _unspaced(part) and len(part) > 2 and " " not in part:
            parts |= {part[:2], part[-2:]}
    return {
        part.strip(" -")
        for part in parts
        if len(part.strip(" -")) >= (3 if _latin(part) else 2) and part.casefold() not in _PARTICLES
    }


def _spellings(part: str) -> set[str]:
    """As carriers without the letters write it: Müller, Muller, Mueller."""
    if part.isascii() or not _latin(part):
        return {part}
    bare = "".join(char for char in unicodedata.normalize("NFD", part) if not unicodedata.combining(char))
    spelled = part
    for letter, two in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"), ("ß", "ss"),
                        ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("Ø", "Oe"), ("Å", "Aa")):  # fmt: skip
        spelled = spelled.replace(letter, two)
    return {part, bare, bare.replace("ß", "ss"), spelled}


def _word(secret: str) -> str:
    """The pattern of a secret: alone where its script sets spaces, for “Ann” is no part of “Hannover”. Arabic and Hebrew put
    “to” and “and” before a name without a space."""
    if _unspaced(secret) or (len(secret) > 2 and any("\u0590" <= char <= "\u08ff" for char in secret)):
        return re.escape(secret)
    return rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])"


def _folded(text: str) -> str:
    """Two texts that differ in capitals alone, as `re` sees it, are one text. Far cheaper than a pattern for each secret."""
    return text.replace("İ", "i").replace("ı", "i").casefold()


# --- the postcode --------------------------------------------------------------------------------------------
_GAP = r"[\s\u2010-\u2015\u2212\uff0d-]{0,2}"
_NOT_WORDS = re.compile(r"[\W_]+")


def _squeezed(text: str) -> str:
    return _NOT_WORDS.sub("", plain_digits(unicodedata.normalize("NFKC", text))).upper()


def _postcodes(postcode: str, country: str) -> list[tuple[str, str]]:
    """As stored and squeezed. Of nine digits in the US the first five are a proof as well."""
    whole = unicodedata.normalize("NFKC", postcode).strip()
    short = whole[:5] if country == "US" and len(_squeezed(whole)) == 9 else ""
    return [(code, squeezed) for code in (whole, short) if len(squeezed := _squeezed(code)) > 2]


def _code_pattern(postcode: str) -> re.Pattern[str]:
    """The code with or without a space or dash in it, not as a part of a longer number. Four digits alone have none but
    their own: 1015 is not “10-15 Uhr”."""
    code, parts = _squeezed(postcode), []
    free = _GAP if len(code) > 4 or not code.isdecimal() else ""
    for char in plain_digits(postcode):
        parts.append(re.escape(char) if char.isalnum() else _GAP)
        parts.append(free if char.isalnum() else "")
    before, after = (r"\d" if code[at].isdecimal() else r"[^\W_]" for at in (0, -1))
    whole = "".join(parts).removesuffix(free or "\0")
    return re.compile(rf"(?<!{before}){whole}(?!{after})", re.IGNORECASE)


class Mask:
    """For one order and what its reader has proved. Says of the same words the same, and thinks about them once."""

    def __init__(self, order: Order, tier: Tier) -> None:
        to = order.ship_to
        secrets = {order.email, to.company, to.line1, to.line2} | name_parts(to.name)
        found = {
            said
            for secret in secrets
            for said in _spellings(secret)
            if len(secret) > (2 if _latin(secret) else 1)
        }
        self._secrets = [(secret, _folded(secret)) for secret in sorted(found, key=len, reverse=True)]
        self._phone = re.sub(r"\D", "", plain_digits(str(order.phone)))
        self._codes = _postcodes(to.postal_code, to.country) if tier < Tier.PROVEN else []
        self._told: dict[str, str] = {}
        self._places: dict[str, str] = {}

    def words(self, text: str) -> str:
        """A message of the carrier's."""
        if text not in self._told:
            self._told[text] = self._masked(text) if text else ""
        return self._told[text]

    def hide_place(self, event: TrackingEvent) -> None:
        """Takes the postcode out of the town of an event in hand, before a map, a day or a headline is made of it."""
        event.city, event.region = self._place(event.city), self._place(event.region)

    def _place(self, text: str) -> str:
        if text not in self._places:
            hidden = self.postcode(text)
            self._places[text] = hidden if hidden == text else hidden.replace(GONE, "").strip(" ,-")
        return self._places[text]

    def postcode(self, text: str) -> str:
        squeezed = _squeezed(text) if self._codes and text else ""
        for code, bare in self._codes:
            if bare in squeezed:  # a pattern is made for the few that have it
                text = _sub(_code_pattern(code), text)
        return text

    def _masked(self, text: str) -> str:
        text = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
        text = without_contacts(self._own_phone(text))
        folded = _folded(text)
        for secret, plain in self._secrets:
            if plain in folded:
                text = re.sub(_word(secret), GONE, text, flags=re.IGNORECASE)
        return self.postcode(text)

    def _own_phone(self, text: str) -> str:
        """The customer's own, however short it is written."""
        if len(self._phone) < 6 or self._phone[-4:] not in _squeezed(text):
            return text
        return re.sub(
            r"\+?\d[\d ()/.-]{4,}\d", lambda found: GONE if self._is_own(found[0]) else found[0], text
        )

    def _is_own(self, written: str) -> bool:
        digits = re.sub(r"\D", "", plain_digits(written)).lstrip("0")
        return len(digits) >= 6 and self._phone.endswith(digits)


def _sub(pattern: re.Pattern[str], text: str) -> str:
    """In the text as it is, where the pattern is found in its plain digits; both have the same places."""
    parts, at = [], 0
    for found in pattern.finditer(plain_digits(text)):
        parts += [text[at : found.start()], GONE]
        at = found.end()
    return "".join([*parts, text[at:]])
