"""Whose days a late parcel's late days are (pure).

    part         what it ran over
    -----------  -----------------------------------------------------------------------------------
    merchant     the moment by which the shop was to hand it over
    supplier     the same, of a parcel that a supplier sends
    acceptance   the hours that the carrier has to scan what it was handed
    customs      all the time that it was held for customs
    carrier      all the time that the carrier called it delayed, on hold, a problem or on its way back
    recipient    the time since the first attempt (or since it waits at a pick-up point)
    transit      what is left: moving, or not, without a word why

The late time runs from the end of the promised day (where the recipient is) to the delivery, or to now. Each part is charged
what it ran over; where the parts ran over more than the parcel is late, because it was quicker elsewhere, each is charged its
share. Seconds are whole and the parts add up to the late time, always.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from shipping.lateness.heard import is_customs
from shipping.status import TrackingStatus

S = TrackingStatus
PARTS = ("merchant", "supplier", "acceptance", "transit", "recipient", "customs", "carrier")
PART_NAMES = {
    "merchant": "Our own processing",
    "supplier": "The supplier’s processing",
    "acceptance": "Waiting for the first carrier scan",
    "transit": "In transit",
    "recipient": "Attempt and recipient",
    "customs": "Customs",
    "carrier": "Carrier’s exception",
}
AT_RECIPIENT = frozenset({S.ATTEMPT_FAILED, S.AVAILABLE_FOR_PICKUP})
CARRIERS_OWN = frozenset({S.DELAYED, S.ON_HOLD, S.EXCEPTION, S.RETURNING, S.EXPIRED})


class Span(NamedTuple):
    """A time in which a parcel had this status; `words` are the carrier's code and message."""

    status: str
    start: datetime
    end: datetime
    words: str = ""


@dataclass(frozen=True)
class Journey:
    """Moments are aware. `deadline` is the end of the promised day, `end` the delivery or now; `acceptance_due` is when the
    carrier should have scanned it. `spans` are in the order of time."""

    deadline: datetime | None
    end: datetime
    ship_by: datetime
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    acceptance_due: datetime | None
    spans: Sequence[Span] = ()
    by_supplier: bool = False


def blame(journey: Journey) -> dict[str, int]:
    """Late seconds by part, all of them named; all zero when it is not late."""
    late = int((journey.end - journey.deadline).total_seconds()) if journey.deadline else 0
    tried = min((span.start for span in journey.spans if span.status in AT_RECIPIENT), default=None)
    if late <= 0 or (tried and journey.deadline and tried < journey.deadline):
        return dict.fromkeys(PARTS, 0)
    over = _overruns(journey, tried)
    total = sum(over.values())
    if total <= late:
        return {part: over.get(part, 0) if part != "transit" else late - total for part in PARTS}
    return _shares(over, late, total)


def _overruns(journey: Journey, tried: datetime | None) -> dict[str, int]:
    left = journey.handed_over_at or journey.first_scan_at
    end = journey.end
    sender = "supplier" if journey.by_supplier else "merchant"
    over = {sender: _seconds(journey.ship_by, left or end)}
    if journey.handed_over_at and journey.acceptance_due:
        over["acceptance"] = _seconds(journey.acceptance_due, journey.first_scan_at or end)
    if tried:
        over["recipient"] = _seconds(tried, end)
    for part, time in _held(journey.spans, tried or end):
        over[part] = over.get(part, 0) + time
    return {part: seconds for part, seconds in over.items() if seconds > 0}


def _held(spans: Iterable[Span], until: datetime) -> Iterable[tuple[str, int]]:
    """Until somebody tried to deliver; from then on it is the recipient's time."""
    for span in spans:
        if span.status in CARRIERS_OWN:
            part = "customs" if is_customs(span.words) else "carrier"
            yield part, _seconds(span.start, min(span.end, until))


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def _shares(over: dict[str, int], late: int, total: int) -> dict[str, int]:
    """By largest remainder, so that whole seconds add up; equal remainders go by the parts' order."""
    found = {part: over.get(part, 0) * late // total for part in PARTS}
    rest = sorted(PARTS, key=lambda part: -(over.get(part, 0) * late % total))
    for part in rest[: late - sum(found.values())]:
        found[part] += 1
    return found
