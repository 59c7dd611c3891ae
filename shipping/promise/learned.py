"""The learned promise of a shop: fitted by beat, kept as one row, asked in memory."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from orders.models import Merchant
from shipping.models import LearnedTransit, Shipment
from shipping.promise import silence
from shipping.promise.audit import records
from shipping.promise.estimate import Parcel
from shipping.promise.lanes import day_of

if TYPE_CHECKING:  # NumPy is loaded where there is something to weigh, not at every start
    from shipping.promise.curve import Curve
    from shipping.promise.transit import Snapshot

log = logging.getLogger(__name__)
ALIKE = 30.0  # similar parcels that an estimate must rest on; the service table speaks for fewer
FEWEST = 60  # parcels of a shop below which nothing is learned
_kept: "dict[int, tuple[datetime, Snapshot]]" = {}


def refit(merchant: Merchant, *, now: datetime) -> LearnedTransit | None:
    """Learn from the shop's parcels up to now. None when there are too few."""
    from shipping.promise.backtest import trained
    from shipping.promise.history import own_history

    history = own_history(merchant, now=now)
    snapshot = trained(history, at=day_of(now)) if len(history) >= FEWEST else None
    if snapshot is None or int(snapshot.arrived.sum()) < FEWEST:
        return None
    row, _ = LearnedTransit.objects.update_or_create(
        merchant=merchant,
        defaults={
            "fitted_at": now, "parcels": len(snapshot), "data": snapshot.to_bytes(),
            "level_half": snapshot.levels[0], "level_most": snapshot.levels[1], "kept": records(merchant.pk, now=now),
            "silences": silence.learned(merchant, now=now),
        },
    )  # fmt: skip
    return row


def refit_all(*, now: datetime) -> int:
    """Every shop that has handed a parcel over since its last fit. Returns how many were fitted."""
    done = 0
    for merchant in Merchant.objects.order_by("pk"):
        last = LearnedTransit.objects.filter(merchant=merchant).values_list("fitted_at", flat=True).first()
        moved = Shipment.objects.filter(merchant=merchant, handed_over_at__isnull=False)
        if last and not moved.filter(last_event_at__gt=last).exists():
            continue
        try:
            done += refit(merchant, now=now) is not None
        except Exception:
            log.exception("transit times of %s could not be learned", merchant)
    return done


def curve_for(merchant_id: int, parcel: Parcel) -> "tuple[Curve, tuple[float, float]] | None":
    """What is known of such a parcel, with the levels to read off for p50 and p90. None where too little is. One query."""
    fitted_at = (
        LearnedTransit.objects.filter(merchant=merchant_id).values_list("fitted_at", flat=True).first()
    )
    if fitted_at is None:
        return None
    from shipping.promise.transit import Snapshot

    kept = _kept.get(merchant_id)
    if kept is None or kept[0] != fitted_at:
        data = LearnedTransit.objects.filter(merchant=merchant_id).values_list("data", flat=True).first()
        if not data:
            return None
        kept = _kept[merchant_id] = (fitted_at, Snapshot.from_bytes(bytes(data)))
    curve = kept[1].curve(parcel)
    return None if curve is None or curve.like < ALIKE else (curve, kept[1].levels)
