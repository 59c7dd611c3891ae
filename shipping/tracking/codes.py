"""Carriers' codes that no table knows: noted with their events, and read as the merchant's people say.

Versions of a provider's table count from 1; those of a merchant's own mappings from OWN_VERSIONS + 1, so that an
event always says which of the two made its status.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.carriers.tables import code_table
from shipping.models import CodeMapping, Shipment, TrackingEvent, UnknownEvent
from shipping.status import TrackingStatus

OWN_VERSIONS = 1000
Key = tuple[str, str, str]


def translated(readings: list[Reading], merchant: Merchant) -> list[Reading]:
    """The readings with the merchant's own word for codes that no table knows. One query, and only for those."""
    keys = {_key(reading) for reading in readings if is_unknown(reading)}
    if not keys:
        return readings
    known = {key: mapping for key, mapping in _mappings(merchant, keys).items() if mapping.status}
    return [
        replace(reading, status=mapping.status, mapping_version=OWN_VERSIONS + mapping.version)
        if is_unknown(reading) and (mapping := known.get(_key(reading)))
        else reading
        for reading in readings
    ]


def is_unknown(reading: Reading) -> bool:
    """No table knows its code. A carrier's own “unknown” is known: it says that there is nothing to say."""
    if reading.status != TrackingStatus.UNKNOWN or not reading.provider or not reading.code:
        return False
    if reading.mapping_version > OWN_VERSIONS:
        return False  # a person has said that it says nothing
    return not code_table(reading.provider).knows(reading.code)


def note_unknown(shipment: Shipment, readings: Iterable[Reading], *, now: datetime) -> None:
    """Keep which stored events of the parcel have a code that a mapping is wanted for. Inside the transaction
    that stored them. A reading that a mapping has just translated is noted too: the mapping may change."""
    noted = {
        reading.fingerprint: reading
        for reading in readings
        if is_unknown(reading) or reading.mapping_version > OWN_VERSIONS
    }
    if not noted:
        return
    keys = {_key(reading) for reading in noted.values()}
    mappings = _mappings(shipment.merchant, keys)
    for reading in sorted(
        noted.values(), key=_key
    ):  # one order everywhere: two workers must not wait in a ring
        if _key(reading) not in mappings:
            mappings[_key(reading)] = _open(shipment.merchant, reading, now)
    stored = TrackingEvent.objects.filter(shipment=shipment, fingerprint__in=noted)
    found = {fingerprint: pk for pk, fingerprint in stored.values_list("pk", "fingerprint")}
    UnknownEvent.objects.bulk_create(
        [UnknownEvent(event_id=pk, mapping=mappings[_key(noted[key])]) for key, pk in found.items()],
        ignore_conflicts=True,
    )
    late = {
        mappings[_key(said)].pk for said in noted.values() if is_unknown(said) and mappings[_key(said)].status
    }
    if late:  # mapped between our reading and our writing: the history is read once more
        CodeMapping.objects.filter(pk__in=late).update(reread_at=None)


def _key(reading: Reading) -> Key:
    return reading.provider, reading.carrier, reading.code


def _mappings(merchant: Merchant, keys: set[Key]) -> dict[Key, CodeMapping]:
    rows = CodeMapping.objects.for_merchant(merchant).filter(
        provider__in={key[0] for key in keys}, code__in={key[2] for key in keys}
    )
    return {(row.provider, row.carrier, row.code): row for row in rows}


def _open(merchant: Merchant, reading: Reading, now: datetime) -> CodeMapping:
    row, _ = CodeMapping.objects.get_or_create(
        merchant=merchant,
        provider=reading.provider,
        carrier=reading.carrier,
        code=reading.code,
        defaults={"message": reading.message, "first_seen_at": now},
    )
    return row
