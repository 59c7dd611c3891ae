"""A parcel's journey in legs, and its story without what was corrected later (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shipping.status import TrackingStatus

_BACK = (TrackingStatus.RETURNING, TrackingStatus.RETURNED)


@dataclass
class Leg:
    """`kind` is "out" to the recipient or "back" to the sender; a leg is of one carrier."""

    kind: str
    carrier: str
    events: list[Any] = field(default_factory=list)


def legs(events: Sequence[Any]) -> list[Leg]:
    """Of tracking events (`carrier`, `status`) in the order in which things happened. Another carrier's first word begins a
    leg, and so does the turn back. Words of nobody in particular (warehouse, staff) belong to the leg that is on."""
    found: list[Leg] = []
    kind = "out"
    for event in events:
        kind = "back" if event.status in _BACK else kind
        last = found[-1] if found else None
        other = bool(
            last and event.carrier and last.carrier and not same_carrier(last.carrier, event.carrier)
        )
        if last is None or other or kind != last.kind:
            last = Leg(kind, event.carrier or (last.carrier if last else ""))
            found.append(last)
        last.carrier = last.carrier or event.carrier
        last.events.append(event)
    return found


def without_corrected(events: Iterable[Any]) -> list[Any]:
    """Of tracking events one for each thing that happened: when a carrier tells the same moment and code again in other words, the
    word that came last stands. Order is kept."""
    latest: dict[tuple[Any, ...], Any] = {}
    for event in events:
        fact = (event.occurred_at, event.carrier, event.code or event.status, event.status)
        held = latest.get(fact)
        if held is None or event.received_at >= held.received_at:
            latest[fact] = event
    kept = {id(event) for event in latest.values()}
    return [event for event in events if id(event) in kept]


def same_carrier(one: str, other: str) -> bool:
    """Whether two names are of one carrier: "DHL", "dhl-germany" and "DHLParcel" are."""
    first, second = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (one, other))
    return bool(first and second) and (first.startswith(second) or second.startswith(first))
