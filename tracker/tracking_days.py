"""What happened to a parcel, day by day in its recipient's zone, with nothing in it that names the customer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from orders.access import Tier
from orders.models import Order
from shipping.models import Shipment, TrackingEvent
from shipping.route.journey import handed_over_to
from shipping.status import Direction, TrackingStatus
from shipping.tracking.legs import legs, without_corrected
from tracker import tracking_words as words
from tracker.days import day_words, time_words, zone_label
from tracker.masking import Mask
from tracker.tracking_shapes import Day, ScanRow


def days_of(
    order: Order,
    row: Shipment,
    newest_first: Sequence[TrackingEvent],
    zone: ZoneInfo,
    *,
    today: date,
    mask: Mask,
    tier: Tier,
) -> tuple[Day, ...]:
    """The carrier's scans, the hand-overs between carriers, and what the shop itself did; newest first."""
    events = without_corrected(newest_first)
    told = [_scan(event, zone, mask, tier) for event in events]
    for leg in legs(events[::-1])[1:]:
        if leg.kind == "out" and leg.carrier:
            told.append(_own(leg.events[0].occurred_at, handed_over_to(leg.carrier), zone))
    if row.direction == Direction.OUTBOUND:
        own = [(order.placed_at, _("Order placed")), (row.packed_at, _("Packed by the shop"))]
        told += [_own(moment, title, zone) for moment, title in own if moment]
    told.sort(key=lambda pair: pair[0], reverse=True)
    return tuple(
        Day(day_words(day, today), tuple(scan for _, scan in scans))
        for day, scans in groupby(told, key=lambda pair: pair[0].date())
    )


def _scan(event: TrackingEvent, zone: ZoneInfo, mask: Mask, tier: Tier) -> tuple[datetime, ScanRow]:
    moment, row = _own(event.occurred_at, words.scan_title(event.status), zone)
    # Who took it in, and where it was left, is proof of delivery: names of neighbours are in no mask.
    told = event.status != TrackingStatus.DELIVERED or tier >= Tier.CODE
    message = mask.words(event.message) if told else ""
    return moment, replace(row, message=message, place=event.place, tone=words.wording(event.status).tone)


def _own(moment: datetime, title: str, zone: ZoneInfo) -> tuple[datetime, ScanRow]:
    local = moment.astimezone(zone)
    return local, ScanRow(
        time_words(local), zone_label(local), local.isoformat(timespec="minutes"), title, "", "", "calm"
    )
