"""Which parcel a reading is about."""

from collections.abc import Iterator
from datetime import timedelta

from orders.models import Merchant
from shipping.carriers.base import Reading, normal_number
from shipping.models import Shipment

# Carriers use numbers again after some months: a reading belongs to the newest parcel with its number that was
# made no later than a few days after the event (a label may be announced late).
SLACK = timedelta(days=7)


def match(readings: list[Reading], merchant: Merchant) -> Iterator[tuple[Reading, Shipment | None]]:
    """Each reading with its parcel, or None. Two queries at most, whatever the number of readings."""
    ids = {reading.shipment_id for reading in readings if reading.shipment_id}
    numbers = {normal_number(reading.tracking_number) for reading in readings if not reading.shipment_id}
    mine = Shipment.objects.filter(merchant=merchant)
    by_id = {row.pk: row for row in mine.filter(pk__in=ids)} if ids else {}
    by_number: dict[str, list[Shipment]] = {}
    if numbers - {""}:
        for row in mine.filter(tracking_number__in=numbers - {""}).order_by("-created_at", "-pk"):
            by_number.setdefault(row.tracking_number, []).append(row)
    for reading in readings:
        if reading.shipment_id:
            yield reading, by_id.get(reading.shipment_id)
        else:
            yield reading, _newest_in_time(by_number.get(normal_number(reading.tracking_number), []), reading)


def _newest_in_time(parcels: list[Shipment], reading: Reading) -> Shipment | None:
    return next((parcel for parcel in parcels if parcel.created_at - SLACK <= reading.occurred_at), None)
