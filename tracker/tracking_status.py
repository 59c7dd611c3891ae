"""What a tracking number alone shows: the status. No shop, order, name, item, place or proof."""

from datetime import datetime
from typing import Any

from shipping.carriers.base import normal_number
from shipping.models import Shipment
from shipping.status import Direction, Stage
from tracker import tracking_words as words
from tracker.days import zone as zone_of
from tracker.tracking_page import status_shown

SHORTEST = 8  # fewer characters are no carrier's number, but might be somebody's guess


def parcel_of(number: str) -> Shipment | None:
    """The newest parcel with the number, as numbers are used again. One query whether or not there is one."""
    normal = normal_number(number.replace("\x00", ""))
    rows = (
        Shipment.objects.exclude(tracking_number="")
        .exclude(stage=Stage.VOID)
        .exclude(direction=Direction.INBOUND)
    )
    row = rows.filter(tracking_number=normal).order_by("-created_at").first()
    return row if len(normal) >= SHORTEST else None


def status_of(row: Shipment, *, now: datetime) -> dict[str, Any]:
    status, zone = status_shown(row), zone_of(row.recipient_zone)
    since = row.status_at.astimezone(zone).date() if row.status_at else None
    return {
        "says": words.dated_wording(status, since, now.astimezone(zone).date()),
        "steps": words.steps(status, moved=row.first_scan_at is not None),
        "number": row.tracking_number,
    }
