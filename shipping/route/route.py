"""The stops of a parcel's journey out of what is known of it (pure but for the table of places)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shipping.route.places import COUNTRY, TOWN, find
from shipping.route.stops import DESTINATION, HANDOVER, ORIGIN, SCAN, Route, Stop
from shipping.status import TrackingStatus

MOST = 40  # a parcel in a loop is told by where it was last
_NOWHERE = (TrackingStatus.PRE_TRANSIT, TrackingStatus.CANCELLED)


@dataclass(frozen=True)
class Town:
    """A place in words; never a street."""

    city: str
    region: str
    country: str

    @classmethod
    def of(cls, row: Any) -> "Town":
        return cls(row.city, row.region, row.country)


def plan(
    origin: Town | None,
    events: Sequence[Any],
    destination: Town | None,
    *,
    arrived: bool = False,
    handovers: Mapping[int, str] | None = None,
    next_scan: str = "",
) -> Route:
    """`events` in the order in which things happened. `handovers` says, by the place of an event in that order, who took the
    parcel over; `next_scan` what is expected of the next one ("usually within 2 days"). Places that no table knows are left out.
    """
    first = _stop(origin, ORIGIN) if origin else None
    stops = [replace(first, reached=bool(events) or arrived)] if first else []
    here: Stop | None = None
    for at, event in enumerate(events):
        if event.status in _NOWHERE:
            continue
        taken_over = (handovers or {}).get(at, "")
        stop = _stop(Town.of(event), HANDOVER if taken_over else SCAN, note=taken_over)
        if stop is None or (not taken_over and _says_nothing_new(stop, stops)):
            continue
        here = _append(stops, stop)
    last = _stop(destination, DESTINATION) if destination else None
    if last:
        last = replace(last, reached=arrived)
        if here and last.point == here.point and here.kind == SCAN:
            here = stops[-1] = replace(last, reached=True)
        else:
            stops.append(last)
    if arrived and stops:
        here = stops[-1]
    if len(stops) > MOST:
        stops = stops[:1] + stops[1 - MOST :]
    place = max((at for at, stop in enumerate(stops) if stop is here), default=None)
    return Route(tuple(stops), place, arrived, "" if arrived else next_scan)


def _append(stops: list[Stop], stop: Stop) -> Stop:
    """A scan where the parcel was already is the same stop; what happened there is kept."""
    if stops and stops[-1].point == stop.point:
        if stop.note:
            kind = ORIGIN if stops[-1].kind == ORIGIN else HANDOVER
            stops[-1] = replace(stops[-1], kind=kind, note=stop.note)
        return stops[-1]
    stops.append(stop)
    return stop


def _stop(town: Town, kind: str, note: str = "") -> Stop | None:
    place = find(town.city.strip(), town.region.strip(), town.country)
    if place is None:
        return None
    name = _written(town.city.strip()) or place.name
    about = place.name if place.precision != TOWN and town.city.strip() else ""
    return Stop(name, place.country, place.lat, place.lon, kind, place.precision, about, True, note)


def _says_nothing_new(stop: Stop, stops: list[Stop]) -> bool:
    """A scan known by its country alone, while the parcel is in that country, is no place to draw a line to."""
    nameless = stop.precision == COUNTRY and not stop.about
    return nameless and bool(stops) and stops[-1].country == stop.country


def _written(name: str) -> str:
    """Carriers shout: MEMPHIS is Memphis."""
    return name.title() if len(name) > 3 and (name.isupper() or name.islower()) else name
