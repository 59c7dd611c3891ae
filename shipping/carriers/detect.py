"""Which carrier may a tracking number be of? Ranked candidates with their check digits verified, never one guess.

The formats are files in `couriers/`, in the form of jkeen/tracking_number_data (MIT): dropping a file in adds a
courier. A format's rank is how unlikely it is that a number of the same letters and digits fits it by accident.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shipping.carriers.base import normal_number
from shipping.carriers.checks import verify

FOLDER = Path(__file__).parent / "couriers"
MAX_LENGTH = 60
_CERTAIN, _LIKELY = 1e-4, 0.02


@dataclass(frozen=True)
class Candidate:
    """`chance` is how likely a random number of this length and alphabet fits the format too; `check` says whether
    a check digit was verified ("verified") or the format has none ("none")."""

    carrier: str
    name: str
    format: str
    number: str
    check: str
    chance: float
    confidence: str
    service: str = ""
    country: str = ""
    issuer: str = ""
    tracking_url: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"chance": float(f"{self.chance:.2g}")}


@dataclass(frozen=True)
class _Format:
    carrier: str
    courier: str
    name: str
    pattern: re.Pattern[str]
    source: str
    validation: Mapping[str, Any]
    additional: tuple[Mapping[str, Any], ...]
    tracking_url: str


def detect(number: str) -> list[Candidate]:
    """All formats that the number fits, the least accidental first. Spaces, dashes, dots and lower case do not
    matter. Empty when it fits none: then nobody should guess."""
    dashed = re.sub(r"\s", "", number).upper()  # a few formats are written with a dash
    plain = re.sub(r"[.\u2010-\u2015_/]", "", normal_number(number))
    if not plain or len(plain) > MAX_LENGTH or not plain.isascii() or not plain.isalnum():
        return []
    found = [match for known in _formats() if (match := _match(known, plain) or _match(known, dashed))]
    return sorted(found, key=lambda candidate: (candidate.chance, candidate.carrier, candidate.format))


def _match(known: _Format, number: str) -> Candidate | None:
    fits = known.pattern.fullmatch(number)
    if fits is None:
        return None
    groups, rule = fits.groupdict(), known.validation.get("checksum")
    if rule and not verify(rule, _serial(known, groups), groups["CheckDigit"]):
        return None
    facts = dict(_facts(known, groups))
    if any(name not in facts for name in known.validation.get("additional", {}).get("exists", [])):
        return None
    base = 10 if number.isdigit() else 36
    chance = min(1.0, _sizes(known.source).get(len(number), 1.0) / base ** len(number)) * (0.1 if rule else 1)
    service, issuer = facts.get("Service Type", {}), facts.get("Courier", {})
    return Candidate(
        carrier=known.carrier,
        name=known.courier,
        format=known.name,
        number=number,
        check="verified" if rule else "none",
        chance=chance,
        confidence="certain" if chance < _CERTAIN else "likely" if chance < _LIKELY else "possible",
        service=service.get("name", ""),
        country=issuer.get("country", ""),
        issuer=issuer.get("courier", ""),
        tracking_url=known.tracking_url.replace("%s", number) if known.tracking_url else "",
    )


def _serial(known: _Format, groups: Mapping[str, str]) -> str:
    serial = groups["SerialNumber"]
    extra = known.validation.get("serial_number_format", {}).get("prepend_if")
    if extra and re.match(extra["matches_regex"], serial):
        return str(extra["content"]) + serial
    return serial


def _facts(known: _Format, groups: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the number says of itself: service, country."""
    for table in known.additional:
        value = groups.get(table["regex_group_name"]) or ""
        for row in table["lookup"]:
            plain, pattern = row.get("matches"), row.get("matches_regex")
            if plain == value or (pattern and re.fullmatch(pattern, value)):
                yield table["name"], row
                break


@lru_cache(maxsize=1)
def _formats() -> tuple[_Format, ...]:
    return tuple(
        known for path in sorted(FOLDER.glob("*.json")) for known in read_courier(path.read_text("utf-8"))
    )


def read_courier(text: str) -> list[_Format]:
    """The formats of one courier file. Raises ValueError saying what is wrong with it."""
    try:
        courier = json.loads(text)
        return [_format(courier, entry) for entry in courier["tracking_numbers"]]
    except (KeyError, TypeError, re.error, json.JSONDecodeError) as error:
        raise ValueError(f"This is no courier file: {error!r}.") from error


def _format(courier: Mapping[str, Any], entry: Mapping[str, Any]) -> _Format:
    parts = entry["regex"]
    source = "".join(parts) if isinstance(parts, list) else parts
    source = re.sub(r"\(\?<([A-Za-z])", r"(?P<\1", source).replace(r"\s*", "")
    pattern = re.compile(source)
    validation = entry.get("validation", {})
    if validation.get("checksum") and not {"SerialNumber", "CheckDigit"} <= set(pattern.groupindex):
        raise KeyError(f"SerialNumber and CheckDigit in the regex of {entry['name']}")
    return _Format(
        courier["courier_code"],
        courier["name"],
        entry["name"],
        pattern,
        source,
        validation,
        tuple(entry.get("additional", ())),
        entry.get("tracking_url") or "",
    )


@lru_cache(maxsize=256)
def _sizes(source: str) -> dict[int, float]:
    """How many strings of each length the pattern takes; look-arounds do not count."""
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser  # type: ignore[attr-defined]

    def sequence(tokens: Any) -> dict[int, float]:
        total = {0: 1.0}
        for kind, value in tokens:
            total = _joined(total, one(kind, value))
        return total

    def one(kind: Any, value: Any) -> dict[int, float]:
        if kind in (op.LITERAL, op.IN, op.ANY):
            return {1: 1.0 if kind is op.LITERAL else 36.0 if kind is op.ANY else float(_letters(value, op))}
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
            low, high, inner = value
            return _repeated(sequence(inner), int(low), min(int(high), MAX_LENGTH))
        if kind is op.SUBPATTERN:
            return sequence(value[3])
        if kind is op.BRANCH:
            total: dict[int, float] = {}
            for branch in value[1]:
                for length, count in sequence(branch).items():
                    total[length] = total.get(length, 0) + count
            return total
        return {0: 1.0}

    return sequence(_parser.parse(source))


def _joined(first: dict[int, float], second: dict[int, float]) -> dict[int, float]:
    total: dict[int, float] = {}
    for length, count in first.items():
        for more, others in second.items():
            if length + more <= MAX_LENGTH:
                total[length + more] = total.get(length + more, 0) + count * others
    return total


def _repeated(inner: dict[int, float], low: int, high: int) -> dict[int, float]:
    total: dict[int, float] = {}
    times = {0: 1.0}
    for count in range(high + 1):
        if count >= low:
            for length, number in times.items():
                total[length] = total.get(length, 0) + number
        times = _joined(times, inner)
    return total


def _letters(items: Any, op: Any) -> int:
    sizes = {op.LITERAL: 1, op.CATEGORY: 10}
    return sum(value[1] - value[0] + 1 if kind is op.RANGE else sizes.get(kind, 0) for kind, value in items)
