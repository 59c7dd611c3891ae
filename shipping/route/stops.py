"""What a route is made of; no database, no clock."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shipping.route.places import TOWN

ORIGIN, SCAN, HANDOVER, DESTINATION = "origin", "scan", "handover", "destination"


@dataclass(frozen=True)
class Stop:
    """`reached` is whether the parcel has been there; `note` is what happened there beside the scan; `about` names the
    region or country in whose middle the stop is drawn when its town is not known."""

    name: str
    country: str
    lat: float
    lon: float
    kind: str = SCAN
    precision: str = TOWN
    about: str = ""
    reached: bool = True
    note: str = ""

    @property
    def point(self) -> tuple[float, float]:
        return self.lat, self.lon

    @property
    def place(self) -> str:
        return f"{self.name}, {self.country}" if self.precision == TOWN or self.about else self.name

    @property
    def words(self) -> str:
        if not self.about:
            return self.place
        return _("%(place)s (shown in the middle of %(about)s)") % {"place": self.place, "about": self.about}


@dataclass(frozen=True)
class Route:
    """`here` is the place among the stops where the parcel was last seen, None before its first scan."""

    stops: tuple[Stop, ...]
    here: int | None = None
    arrived: bool = False
    next_scan: str = ""

    def __bool__(self) -> bool:
        return bool(self.stops)

    @property
    def next_words(self) -> str:
        return _("Next scan %(expected)s.") % {"expected": self.next_scan} if self.next_scan else ""

    @property
    def rows(self) -> list[tuple[Stop, str, bool]]:
        """Each stop with the words for its part in the journey, and whether the parcel is there now."""
        return [(stop, self._part(at, stop), at == self.here) for at, stop in enumerate(self.stops)]

    def _part(self, at: int, stop: Stop) -> str:
        last = at == len(self.stops) - 1
        if stop.kind == DESTINATION and last and (self.arrived or at != self.here):
            return _("Arrived") if self.arrived else _("Going to")
        parts = [_("Sent from") if stop.kind == ORIGIN else "", stop.note]
        parts.append(_("last seen here") if at == self.here and not self.arrived else "")
        said = pgettext("between two parts of a list", ", ").join(part for part in parts if part)
        return said[:1].upper() + said[1:] or _("Scanned")
