"""The route of one parcel from its rows, which the caller has read already: no query of its own."""

import itertools
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from shipping.models import Shipment
from shipping.route.route import Town, plan
from shipping.route.stops import Route
from shipping.status import Direction, TrackingStatus
from shipping.tracking.legs import legs, without_corrected

_THERE = (TrackingStatus.DELIVERED, TrackingStatus.RETURNED)


def journey(
    shipment: Shipment, events: Sequence[Any], *, sender: Any, recipient: Any, next_scan: str = ""
) -> Route:
    """`events` are the parcel's, oldest first; `sender` (None where the shop has none) and `recipient` are addresses, of which
    the town alone is read."""
    home = Town.of(sender) if sender else None
    away = Town.of(recipient)
    told = without_corrected(events)
    way = legs(told)
    arrived = shipment.tracking_status in _THERE
    if shipment.direction == Direction.RETURN:
        return plan(away, told, home, arrived=arrived, handovers=_notes(told, way), next_scan=next_scan)
    goal = home if way and way[-1].kind == "back" else away
    return plan(home, told, goal, arrived=arrived, handovers=_notes(told, way), next_scan=next_scan)


def _notes(events: Sequence[Any], way: Sequence[Any]) -> dict[int, str]:
    """What happened where a leg began, by the place of its first event."""
    at = {id(event): number for number, event in enumerate(events)}
    notes = {}
    for before, leg in itertools.pairwise(way):
        if leg.kind != before.kind:
            notes[at[id(leg.events[0])]] = _("Turned back")
        elif leg.carrier:
            notes[at[id(leg.events[0])]] = handed_over_to(leg.carrier)
    return notes


def handed_over_to(carrier: str) -> str:
    return _("Handed over to %(carrier)s") % {"carrier": carrier}
