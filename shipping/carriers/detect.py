"""Which carrier may a tracking number be of? Ranked candidates with their check digits verified, never one guess.

The formats are data (`formats`): dropping a courier's file in adds it. A format's rank is how unlikely it is that a number
of the same letters and digits fits it by accident.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shipping.carriers.base import normal_number
from shipping.carriers.checks import verify
from shipping.carriers.formats import Format, formats
from shipping.carriers.odds import MAX_LENGTH, by_accident

MAX_WRITTEN = 300  # with its spaces
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


def detect(number: str) -> list[Candidate]:
    """All formats that the number fits, the least accidental first. Spaces, dashes, dots and lower case do not
    matter. Empty when it fits none: then nobody should guess."""
    if len(number) > MAX_WRITTEN:
        return []
    dashed = re.sub(r"\s", "", number).upper()  # a few formats are written with a dash
    plain = re.sub(r"[.\u2010-\u2015_/]", "", normal_number(number))
    if not plain or len(plain) > MAX_LENGTH or not plain.isascii() or not plain.isalnum():
        return []
    ways = dict.fromkeys((dashed, plain))
    found = [
        match
        for known in formats()
        if (match := next(filter(None, (_match(known, way) for way in ways)), None))
    ]
    return sorted(found, key=lambda candidate: (candidate.chance, candidate.carrier, candidate.format))


def fits(known: Format, number: str) -> bool:
    """Whether the number, however it is written, is of this very format."""
    return any((one.carrier, one.format) == (known.carrier, known.name) for one in detect(number))


def _match(known: Format, number: str) -> Candidate | None:
    found = known.pattern.fullmatch(number)
    if found is None:
        return None
    groups, rule = found.groupdict(default=""), known.rule
    if rule and not verify(rule, _serial(known, groups), groups["CheckDigit"]):
        return None
    facts = dict(_facts(known, groups))
    if not known.needed <= facts.keys():
        return None
    chance = by_accident(known.pattern.pattern, number) * (0.1 if rule else 1)
    service, issuer = facts.get("Service Type", {}), facts.get("Courier", {})
    return Candidate(
        carrier=known.carrier,
        name=known.courier,
        format=known.name,
        number=number,
        check="verified" if rule else "none",
        chance=chance,
        confidence="certain" if chance < _CERTAIN else "likely" if chance < _LIKELY else "possible",
        service=str(service.get("name") or ""),
        country=str(issuer.get("country") or ""),
        issuer=str(issuer.get("courier") or ""),
        tracking_url=known.tracking_url.replace("%s", number),
    )


def _serial(known: Format, groups: Mapping[str, str]) -> str:
    serial = groups["SerialNumber"]
    if known.prepend and known.prepend[0].search(serial):
        return known.prepend[1] + serial
    return serial


def _facts(known: Format, groups: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the number says of itself: service, country."""
    for table in known.tables:
        row = table.row(groups[table.group])
        if row is not None:
            yield table.name, row
