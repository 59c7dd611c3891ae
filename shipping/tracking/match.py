"""Which parcel a reading is about: (merchant, carrier, number, window).

Carriers use numbers again after some months, and two carriers may use the same one. So a reading belongs to a parcel
with its number whose carrier is not another, made no later than a few days after the event, and not so long over that
the number must be somebody else's by now; of several the newest.
"""

from collections.abc import Iterator
from datetime import timedelta

from orders.models import Merchant
from shipping.carriers.base import Reading, normal_number
from shipping.models import Shipment
from shipping.status import FINAL
from shipping.tracking.legs import same_carrier

SLACK = timedelta(days=7)  # a label may be announced late
OVER = timedelta(
    days=60
)  # after the last word of a parcel that has arrived or is back; returns take some weeks


NEEDED = ("order_id", "tracking_number", "carrier", "tracking_status", "last_event_at", "created_at")


UNKNOWN = "No parcel of yours has this tracking number."
NAMELESS = "It names no tracking number."
EARLY = "It happened before the parcel with this number was made: carriers use numbers again."
LONG_OVER = "The parcel with this number had ended long before: carriers use numbers again."
WHOSE = "Several parcels have this tracking number, and none of them is with this carrier."
"""Why a reading is nobody's."""


def match(readings: list[Reading], merchant: Merchant) -> Iterator[tuple[Reading, Shipment | None, str]]:
    """Each reading with its parcel, or with None and why. Two queries at most, whatever the number of readings."""
    ids = {reading.shipment_id for reading in readings if reading.shipment_id}
    numbers = {normal_number(reading.tracking_number) for reading in readings if not reading.shipment_id}
    mine = Shipment.objects.filter(merchant=merchant).only(*NEEDED)
    by_id = {row.pk: row for row in mine.filter(pk__in=ids)} if ids else {}
    by_number: dict[str, list[Shipment]] = {}
    if numbers - {""}:
        for row in mine.filter(tracking_number__in=numbers - {""}).order_by("-created_at", "-pk"):
            by_number.setdefault(row.tracking_number, []).append(row)
    for reading in readings:
        if reading.shipment_id:
            yield reading, by_id.get(reading.shipment_id), UNKNOWN
        else:
            parcels = by_number.get(normal_number(reading.tracking_number), [])
            yield reading, _of(parcels, reading), _why_not(parcels, reading)


def _of(parcels: list[Shipment], reading: Reading) -> Shipment | None:
    """Parcels are newest first. One of the very carrier is preferred to one whose carrier is not known."""
    possible = [parcel for parcel in parcels if _in_window(parcel, reading)]
    same = [parcel for parcel in possible if same_carrier(parcel.carrier, reading.carrier)]
    open_to = [parcel for parcel in possible if not parcel.carrier or not reading.carrier]
    if same:
        return same[0]
    if open_to:
        return open_to[0]
    # A parcel goes from one carrier to the next under one number: the only parcel with it is the one meant.
    return possible[0] if len(possible) == 1 else None


def _why_not(parcels: list[Shipment], reading: Reading) -> str:
    if not parcels:
        return UNKNOWN if reading.tracking_number else NAMELESS
    if any(_in_window(parcel, reading) for parcel in parcels):
        return WHOSE
    early = all(reading.occurred_at < parcel.created_at - SLACK for parcel in parcels)
    return EARLY if early else LONG_OVER


def _in_window(parcel: Shipment, reading: Reading) -> bool:
    if reading.occurred_at < parcel.created_at - SLACK:
        return False
    ended = parcel.tracking_status in FINAL and parcel.last_event_at
    return not ended or reading.occurred_at <= ended + OVER
