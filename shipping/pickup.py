"""Where a parcel waits for its customer, in the carrier's own words: the point, its hours, its town."""

from collections.abc import Callable, Iterable
from typing import Any

from shipping.models import TrackingEvent
from shipping.status import TrackingStatus


def point_of(newest_first: Iterable[Any], shown: Callable[[str], str] = str) -> str:
    """Of a parcel's events (pure); "" where no carrier has said it. What `shown` makes nothing or “…” of is left out."""
    waits = next((one for one in newest_first if one.status == TrackingStatus.AVAILABLE_FOR_PICKUP), None)
    if waits is None:
        return ""
    parts = (shown(part) for part in (waits.message, waits.postal_code, waits.place) if part)
    return ", ".join(part for part in parts if part not in ("", "…"))


def points(shipments: Iterable[int]) -> dict[int, str]:
    """By parcel, in one query."""
    rows = TrackingEvent.objects.filter(
        shipment__in=list(shipments), status=TrackingStatus.AVAILABLE_FOR_PICKUP
    )
    found: dict[int, str] = {}
    for event in rows.order_by("-occurred_at", "-pk"):
        found.setdefault(event.shipment_id, point_of([event]))
    return found
