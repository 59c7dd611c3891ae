"""Check digits of tracking numbers; pure. The rules and their names are those of jkeen/tracking_number_data
(MIT, "CHECKSUM_ALGORITHMS.md"), whose courier files say which one a format uses."""

from collections.abc import Callable, Mapping
from typing import Any

_MOD_37_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def verify(rule: Mapping[str, Any], serial: str, check: str) -> bool:
    """Whether `check` is the check character of `serial`. The rule is one that `check_rule` has let pass."""
    return bool(check) and _RULES[rule["name"]](serial, check, rule)


def check_rule(rule: Any) -> None:
    """Raises ValueError for a rule that nobody has written here, or that lacks its numbers."""
    name = rule.get("name") if isinstance(rule, Mapping) else rule
    if not isinstance(rule, Mapping) or name not in _RULES:
        raise ValueError(
            f"there is no check digit rule named {name!r}; there are {', '.join(sorted(_RULES))}"
        )
    if name == "sum_product_with_weightings_and_modulo":
        weights = rule.get("weightings")
        if not isinstance(weights, list) or not weights or not all(isinstance(one, int) for one in weights):
            raise ValueError(f"the rule {name} wants “weightings”, a list of whole numbers")
        if not all(isinstance(rule.get(key), int) and rule[key] > 0 for key in ("modulo1", "modulo2")):
            raise ValueError(f"the rule {name} wants “modulo1” and “modulo2”")
    for key in ("odds_multiplier", "evens_multiplier"):
        if not str(rule.get(key) or 1).isdecimal():
            raise ValueError(f"“{key}” is no whole number")


def _digit(char: str) -> int:
    return int(char) if char.isdigit() else (ord(char) - 3) % 10


def _plain(char: str) -> int:
    """A letter counts nothing where a rule is about digits alone."""
    return int(char) if char.isdigit() else 0


def _is(total: int, check: str) -> bool:
    return check.isdigit() and int(check) == total


def _mod7(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    return serial.isdigit() and _is(int(serial) % 7, check)


def _mod10(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    characters = serial[::-1] if rule.get("reverse") else serial
    odd, even = int(rule.get("odds_multiplier") or 1), int(rule.get("evens_multiplier") or 1)
    total = sum(_digit(char) * (odd if index % 2 else even) for index, char in enumerate(characters))
    return _is(-total % 10, check)


def _luhn(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    total = 0
    for index, char in enumerate(reversed(serial)):
        doubled = _digit(char) * (1 if index % 2 else 2)
        total += doubled - 9 if doubled > 9 else doubled
    return _is(-total % 10, check)


def _s10(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    rest = sum(_plain(char) * weight for char, weight in zip(serial, _S10_WEIGHTS, strict=False)) % 11
    return _is({0: 5, 1: 0}.get(rest, 11 - rest), check)


def _sum_product(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    total = sum(_plain(char) * weight for char, weight in zip(serial, rule["weightings"], strict=False))
    return _is(total % rule["modulo1"] % rule["modulo2"], check)


def _mod_37_36(serial: str, check: str, rule: Mapping[str, Any]) -> bool:
    """ISO/IEC 7064, as in DPD's parcel label specification 2.4.1."""
    state = 36
    for char in serial:
        state += max(_MOD_37_36.find(char), 0)
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
