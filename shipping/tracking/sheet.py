"""Tracking events from a CSV file, one event a row.

tracking_number or parcel_code   which parcel
occurred_at                      ISO 8601; without a zone it is read in the merchant's zone and marked so
status                           one of the 15 tracking statuses
message, code, city, region, country, postal_code, carrier, eta (YYYY-MM-DD)    optional
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from orders.models import Merchant
from shipping.carriers.base import MAPPING_VERSION, Reading
from shipping.models import Shipment
from shipping.status import TrackingStatus

REQUIRED = ("occurred_at", "status")
OPTIONAL = (
    "tracking_number", "parcel_code", "message", "code", "city", "region", "country", "postal_code", "carrier", "eta",
)  # fmt: skip
LIMITS = {"message": 300, "code": 80, "city": 120, "region": 120, "postal_code": 20, "carrier": 40}


@dataclass(frozen=True)
class RowError:
    row: int
    column: str
    message: str


def read_events(lines: Iterable[str], merchant: Merchant) -> Iterator[Reading | RowError]:
    """Readings and errors, row by row. Raises ValueError when the header is not what it must be."""
    rows = csv.DictReader(lines)
    header = [name.strip() for name in rows.fieldnames or []]
    rows.fieldnames = header
    missing = [name for name in REQUIRED if name not in header]
    if missing or not {"tracking_number", "parcel_code"} & set(header):
        raise ValueError(
            f"The file lacks the column {', '.join(missing) or 'tracking_number (or parcel_code)'}. "
            f"Known columns: {', '.join(REQUIRED + OPTIONAL)}."
        )
    for row in rows:
        yield _reading(row, rows.line_num, merchant)


def _reading(row: dict[str, str | None], number: int, merchant: Merchant) -> Reading | RowError:
    text = {name: (row.get(name) or "").strip() for name in REQUIRED + OPTIONAL}
    status = text["status"].lower()
    if status not in TrackingStatus.values:
        known = ", ".join(TrackingStatus.values)
        return RowError(
            number, "status", f"“{text['status'][:40]}” is no tracking status; use one of {known}."
        )
    try:
        when = datetime.fromisoformat(text["occurred_at"])
        if not 1 < when.year < 9999:  # such a time cannot be shown in every zone
            raise ValueError
        eta = date.fromisoformat(text["eta"]) if text["eta"] else None
    except ValueError:
        return RowError(
            number, "occurred_at", "Write times like 2026-03-04T10:30+01:00 and days like 2026-03-04."
        )
    if len(text["country"]) not in (0, 2):
        return RowError(number, "country", "Write the country as two letters, like DE.")
    shipment_id = None
    if text["parcel_code"]:
        shipment_id = (
            Shipment.objects.filter(merchant=merchant, code=text["parcel_code"])
            .values_list("pk", flat=True)
            .first()
        )
        if shipment_id is None:
            return RowError(number, "parcel_code", f"You have no parcel {text['parcel_code'][:30]}.")
    elif not text["tracking_number"]:
        return RowError(number, "tracking_number", "is missing")
    assumed = when.tzinfo is None
    short = {name: text[name][:limit] for name, limit in LIMITS.items()}
    return Reading(
        status=status,
        occurred_at=when.replace(tzinfo=merchant.tz) if assumed else when,
        zone=merchant.zone if assumed else f"UTC{when:%z}",
        zone_assumed=assumed,
        shipment_id=shipment_id,
        tracking_number=text["tracking_number"][:60],
        source="csv",
        eta=eta,
        country=text["country"].upper(),
        mapping_version=MAPPING_VERSION,
        payload={name: value for name, value in row.items() if name and isinstance(value, str) and value},
        **short,  # type: ignore[arg-type]
    )
