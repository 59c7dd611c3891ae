"""How long a parcel is usually silent after a scan, learned from the shop's own delivered parcels."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.models import Merchant
from shipping.models import Shipment, TrackingEvent
from shipping.status import Direction, TrackingStatus

LOOKED_AT = 5_000  # parcels, the newest; each stage of each carrier needs only some
FEWEST = 20  # silences below which nothing is claimed
SAME_VISIT = timedelta(minutes=10)  # scans nearer together are one visit to a place
WINDOW = timedelta(days=90)
ANY = "*"
MOVING = (
    TrackingStatus.PICKED_UP, TrackingStatus.IN_TRANSIT, TrackingStatus.OUT_FOR_DELIVERY, TrackingStatus.DELAYED,
)  # fmt: skip


class Silence(NamedTuple):
    """Hours until the next scan: in half, four fifths and nineteen twentieths of `of` cases."""

    half: float
    usual: float
    long: float
    of: int


def silences(scans: Iterable[tuple[int, str, str, datetime]]) -> dict[str, list[float]]:
    """`scans` are (parcel, carrier, status, moment), each parcel's together and in the order of time. By `key_of`, for every
    carrier and for any (pure)."""
    gaps: dict[str, list[float]] = defaultdict(list)
    before: tuple[int, str, str, datetime] | None = None
    for scan in scans:
        if before and before[0] == scan[0]:
            gap = scan[3] - before[3]
            if gap < SAME_VISIT and before[2] == scan[2]:
                continue  # the visit goes on, and began with the scan before
            for carrier in (before[1], ANY):
                gaps[key_of(carrier, before[2])].append(gap.total_seconds() / 3600)
        before = scan
    return {key: list(_summed(sorted(hours))) for key, hours in gaps.items() if len(hours) >= FEWEST}


def learned(merchant: Merchant, *, now: datetime) -> dict[str, list[float]]:
    """Of the newest delivered parcels, whose scans are complete. Two queries."""
    arrived = Shipment.objects.filter(
        merchant=merchant,
        direction=Direction.OUTBOUND,
        supplier__isnull=True,
        delivered_at__gt=now - WINDOW,
        delivered_at__lte=now,
    )
    newest = list(arrived.order_by("-delivered_at").values_list("pk", flat=True)[:LOOKED_AT])
    told = TrackingEvent.objects.filter(shipment__in=newest).order_by("shipment_id", "occurred_at", "pk")
    return silences(told.values_list("shipment_id", "carrier", "status", "occurred_at").iterator(5000))


def key_of(carrier: str, status: str) -> str:
    return f"{carrier.lower()} {status}"


def expected(
    known: Mapping[str, list[float]], *, carrier: str, status: str, last: datetime | None, now: datetime
) -> str:
    """What may be said of the next scan: "usually within 2 days". Empty where nothing is known or none is due."""
    if status not in MOVING or last is None:
        return ""
    found = known.get(key_of(carrier, status)) or known.get(key_of(ANY, status))
    if not found:
        return ""
    half, usual, long, of = found
    silence = Silence(half, usual, long, int(of))
    said = _usually(*_span(silence.usual))
    waited = (now - last).total_seconds() / 3600
    if waited <= silence.usual:
        return said
    return _("%(usually)s; %(ago)s") % {"usually": said, "ago": _ago(*_span(waited, up=False))}


def _usually(days: int, hours: int) -> str:
    if days:
        return ngettext("usually within a day", "usually within %(count)s days", days) % {"count": days}
    return ngettext("usually within an hour", "usually within %(count)s hours", hours) % {"count": hours}


def _ago(days: int, hours: int) -> str:
    if days:
        return ngettext("the last was a day ago", "the last was %(count)s days ago", days) % {"count": days}
    return ngettext("the last was an hour ago", "the last was %(count)s hours ago", hours) % {"count": hours}


def _span(hours: float, *, up: bool = True) -> tuple[int, int]:
    """Days, or of a short one hours: rounded up where it is a promise, down where it is past."""
    if hours <= 12:
        return 0, max(1, int(hours) + (up and hours % 1 > 0))
    return max(1, int(hours / 24) + (up and hours % 24 > 0)), 0


def _summed(hours: list[float]) -> Silence:
    def at(part: float) -> float:
        return round(hours[min(len(hours) - 1, int(part * len(hours)))], 2)

    return Silence(at(0.5), at(0.8), at(0.95), len(hours))
