"""A parcel's journey in legs, and its story without what was corrected later (pure)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from shipping.status import POSSESSED, TrackingStatus
from shipping.tracking.reduce import SKEW

_BACK = (TrackingStatus.RETURNING, TrackingStatus.RETURNED)


@dataclass
class Leg:
    """`kind` is "out" to the recipient or "back" to the sender; a leg is of one carrier."""

    kind: str
    carrier: str
    events: list[Any] = field(default_factory=list)


def legs(events: Sequence[Any]) -> list[Leg]:
    """Of tracking events (`carrier`, `status`, `occurred_at`) in the order in which things happened. Another carrier's first
    word of a parcel it has begins a leg, and so does the turn back. Words of nobody in particular (warehouse, staff), and of a
    carrier that only has been told of the parcel, belong to the leg that is on.
    One depot's clock that is off by some hours makes no leg: neither a hand-over there and back, nor a delivery after the turn."""
    turn = next((at for at, event in enumerate(events) if event.status in _BACK), len(events))
    out, back = list(events[:turn]), list(events[turn:])
    early = [event for event in back if event.status == TrackingStatus.DELIVERED and _soon(back[0], event)]
    out += early
    back = [event for event in back if not any(event is one for one in early)]
    found = [*_runs("out", out), *_runs("back", back)]
    for before, leg in pairwise(found):
        leg.carrier = leg.carrier or before.carrier
    place = {id(event): at for at, event in enumerate(events)}
    for leg in found:
        leg.events.sort(key=lambda event: place[id(event)])
    return found


def _soon(first: Any, last: Any) -> bool:
    return last.occurred_at - first.occurred_at < SKEW


def _runs(kind: str, events: Sequence[Any]) -> list[Leg]:
    """The legs of one direction."""
    found: list[Leg] = []
    for event in events:
        last = found[-1] if found else None
        carrier = event.carrier if event.status in POSSESSED else ""
        if last is None or (carrier and last.carrier and not same_carrier(last.carrier, carrier)):
            last = Leg(kind, carrier)
            found.append(last)
        last.carrier = last.carrier or carrier
        last.events.append(event)
    for leg in found:
        leg.carrier = leg.carrier or next((event.carrier for event in leg.events if event.carrier), "")
    while any(_untangled(found, at) for at in range(len(found) - 2)):
        pass
    return found


def _untangled(found: list[Leg], at: int) -> bool:
    """Where a carrier comes, goes and comes again within hours, it has come once: its few words of a wrong clock join its others."""
    first, middle, last = found[at : at + 3]
    if not same_carrier(first.carrier, last.carrier):
        return False
    if _soon(first.events[0], middle.events[-1]):
        last.events[:0] = first.events
        del found[at]
    elif _soon(middle.events[0], last.events[-1]):
        first.events += last.events
        del found[at + 2]
    else:
        return False
    for place in range(len(found) - 1, 0, -1):  # what stood apart may stand together now
        if same_carrier(found[place - 1].carrier, found[place].carrier):
            found[place - 1].events += found.pop(place).events
    return True


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
