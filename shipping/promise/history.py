"""A shop's own parcels as the learned promise sees them."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from orders.models import Merchant
from shipping.models import Shipment
from shipping.promise.lanes import day_of, lead_of, origin_of, region_of
from shipping.promise.transit import LONGEST, WINDOW, History
from shipping.status import Direction, TrackingStatus

_NEVER_ARRIVES = (TrackingStatus.RETURNING, TrackingStatus.RETURNED, TrackingStatus.CANCELLED)


def own_history(merchant: Merchant, *, now: datetime) -> History:
    """Outbound parcels that were handed over, of the last two years at most. One query and a half."""
    rows = (
        Shipment.objects.filter(
            merchant=merchant,
            direction=Direction.OUTBOUND,
            supplier__isnull=True,
            handed_over_at__lte=now,
            handed_over_at__gt=now - timedelta(days=LONGEST + WINDOW),
        )
        .exclude(tracking_status__in=_NEVER_ARRIVES)
        .order_by("handed_over_at")
        .values_list(
            "carrier", "service", "order__ship_to__country", "order__ship_to__region", "order__ship_to__postal_code",
            "handed_over_at", "delivered_at", "order__promised_on", "recipient_zone",
        )
    )  # fmt: skip
    origin = origin_of(merchant)
    found: list[tuple[Any, ...]] = []
    for carrier, service, country, region, code, handed, delivered, promised, zone in rows.iterator(2000):
        assert handed is not None  # the query asked for it
        lead = lead_of(handed, promised, zone) if promised else float("nan")
        arrived = day_of(delivered) if delivered else float("nan")
        found.append(
            (
                carrier.lower(),
                service.lower(),
                origin,
                region_of(country, region, code),
                day_of(handed),
                arrived,
                lead,
            )
        )
    columns = [np.array(column) for column in zip(*found, strict=True)] if found else [np.array([])] * 7
    return History(*columns[:4], *(column.astype(float) for column in columns[4:]))
