"""Check digits of tracking numbers; pure. The rules and their names are those of jkeen/tracking_number_data
(MIT, "CHECKSUM_ALGORITHMS.md"), whose courier files say which one a format uses."""

from collections.abc import Callable, Mapping
from typing import Any

_MOD_37_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def verify(rule: Mapping[str, Any], serial: str, check: str) -> bool:
    """Whether `check` is the check character of `serial`. Raises ValueError for a rule nobody has written here."""
    try:
        function = _RULES[rule["name"]]
    except KeyError as error:
        raise ValueError(f"There is no check digit rule named {rule.get('name')!r}.") from error
    return function(serial, check, rule)


def _digit(char: str) -> int:
    return int(char) if char.isdigit() else (ord(char) - 3) % 10


def _mod7(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    return int(serial) % 7 == int(check)


def _mod10(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    characters = serial[::-1] if rule.get("reverse") else serial
    odd, even = rule.get("odds_multiplier", 1), rule.get("evens_multiplier", 1)
    total = sum(_digit(char) * (odd if index % 2 else even) for index, char in enumerate(characters))
    return str(-total % 10) == check


def _luhn(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    total = 0
    for index, char in enumerate(reversed(serial)):
        doubled = _digit(char) * (1 if index % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10) == check


def _s10(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    rest = sum(int(char) * weight for char, weight in zip(serial, _S10_WEIGHTS, strict=False)) % 11
    return {0: 5, 1: 0}.get(rest, 11 - rest) == int(check)


def _sum_product(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    total = sum(int(char) * weight for char, weight in zip(serial, rule["weightings"], strict=False))
    return str(total % rule["modulo1"] % rule["modulo2"]) == check


def _mod_37_36(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    """ISO/IEC 7064, as in DPD's parcel label specification 2.4.1."""
    state = 36
    for char in serial:
        state += _MOD_37_36.index(char)
        if state > 36:
            state -= 36
        state *= 2
        if state > 36:
            state -= 37
    return _MOD_37_36[(37 - state) % 36] == check


_RULES: dict[str, Callable[[str, str, Mapping[str, Any]], bool]] = {
    "mod7": _mod7,
    "mod10": _mod10,
    "luhn": _luhn,
    "s10": _s10,
    "sum_product_with_weightings_and_modulo": _sum_product,
    "mod_37_36": _mod_37_36,
}
