"""A shop's own words (pure): names in braces are filled in, and that is all that they can do."""

import re
from collections.abc import Container, Mapping

NAMES = {
    "name": "the customer’s name",
    "order": "the order’s number",
    "shop": "the shop’s name",
    "headline": "what has happened, such as “Out for delivery today”",
    "when": "the expected day or days, where one is known",
    "point": "where a parcel waits to be collected, and its hours",
    "parcel": "“Parcel 2 of 3”, where there are several",
    "carrier": "the carrier",
    "number": "the tracking number",
    "link": "the address of the customer’s page",
}
_BRACED = re.compile(r"\{([^{}]*)\}")


def unknown(text: str, names: Container[str] = NAMES) -> list[str]:
    """Names that are asked for and not known, and braces that have no partner."""
    wrong = [name for name in _BRACED.findall(text) if name not in names]
    return wrong + (["{"] if re.search(r"[{}]", _BRACED.sub("", text)) else [])


def filled(text: str, values: Mapping[str, str]) -> str:
    """Values are put in once, as they are: a brace in a customer's name asks for nothing."""
    return _BRACED.sub(lambda found: values.get(found[1], ""), text)
