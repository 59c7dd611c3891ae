"""How often the promise was kept, on the record of what was shown: the promise in force when the parcel left."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Subquery

from shipping.models import Promise, Shipment
from shipping.status import Direction

LAST = 100  # parcels of a route that are looked back on
ROUTES = 200
FEWEST = 20  # below which nothing is claimed
_SOON = timedelta(minutes=10)  # the promise is renewed this long after the hand-over at the latest


class Kept(NamedTuple):
    """`kept` of the last `of` parcels came on the last promised day or before."""

    kept: int
    of: int


def records(merchant_id: int, *, now: datetime) -> dict[str, list[int]]:
    """By `key_of`, for every carrier and country that this shop's parcels went by lately."""
    lately = Shipment.objects.filter(
        merchant=merchant_id, direction=Direction.OUTBOUND, delivered_at__gt=now - timedelta(days=180)
    )
    routes = (
        lately.exclude(carrier="")
        .order_by()
        .values_list("carrier", "order__ship_to__country")
        .distinct()[:ROUTES]
    )
    found = {}
    for carrier, country in routes:
        if record := record_of(merchant_id, carrier, country):
            found[key_of(carrier, country)] = list(record)
    return found


def key_of(carrier: str, country: str) -> str:
    return f"{carrier.lower()} {country}"


def record_of(merchant_id: int, carrier: str, country: str) -> Kept | None:
    """Of the last delivered parcels of this carrier to this country. None where there are too few to say. One query."""
    shown = Promise.objects.filter(shipment=OuterRef("pk"), made_at__lte=OuterRef("handed_over_at") + _SOON)
    rows: Any = (
        Shipment.objects.filter(
            merchant=merchant_id, carrier=carrier, direction=Direction.OUTBOUND, delivered_at__isnull=False,
            handed_over_at__isnull=False, order__ship_to__country=country,
        )
        .annotate(shown=Subquery(shown.order_by("-pk").values("to_day")[:1]))
        .filter(shown__isnull=False)
        .order_by(F("delivered_at").desc())
        .values_list("delivered_at", "recipient_zone", "shown")[:LAST]
    )  # fmt: skip
    kept = [delivered.astimezone(ZoneInfo(zone)).date() <= day for delivered, zone, day in rows]
    return Kept(sum(kept), len(kept)) if len(kept) >= FEWEST else None
