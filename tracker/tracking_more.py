"""What the page shows beyond the parcel's state: where to collect it, who took it in, what the customer can say."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from notifications import wishes
from orders.access import Tier
from orders.models import Order
from shipping.carriers.registry import adapter
from shipping.models import Shipment, TrackingEvent
from shipping.pickup import point_of
from shipping.status import Direction, TrackingStatus
from shipping.tracking.signature import signed_by
from shipping.voice import ADDRESS_STATUSES, arrived_at
from tracker.days import day_words, time_words
from tracker.masking import Mask
from tracker.tracking_shapes import Proof

S = TrackingStatus
RATES_FOR = timedelta(days=60)


def carrier_link(row: Shipment) -> str:
    """The carrier's own page of the parcel, where the carrier is one we know."""
    known = adapter(row.carrier.strip().lower().replace(" ", "_")) if row.tracking_number else None
    return known.tracking_url(row.tracking_number) if known else ""


def pickup_of(row: Shipment, events: Sequence[TrackingEvent], mask: Mask) -> str:
    """Where the parcel waits, as the carrier's newest word of it says. `events` are newest first. Carriers give the
    recipient's postcode for the point's, so that it is hidden like any other."""
    return point_of(events, mask.words) if row.tracking_status == S.AVAILABLE_FOR_PICKUP else ""


def proof_of(row: Shipment, events: Sequence[TrackingEvent], zone: ZoneInfo, today: date) -> Proof | None:
    """Needs the events' payloads."""
    last = next((event for event in events if event.status == S.DELIVERED), None)
    if row.delivered_at is None or last is None:
        return None
    local = row.delivered_at.astimezone(zone)
    return Proof(
        f"{day_words(local.date(), today)}, {time_words(local)}",
        last.place,
        last.message,
        signed_by(last.payload),
    )


def address_of(order: Order) -> tuple[str, ...]:
    to = order.ship_to
    town = " ".join(part for part in (to.postal_code, to.city) if part)
    lines = (to.name, to.company, to.line1, to.line2, town, to.region, to.country)
    return tuple(line for line in lines if line)


def ways_of(order: Order, tier: Tier) -> tuple[tuple[str, str], ...]:
    """How a code can reach the customer. Who only has the link is not told a letter of the address."""
    told = tier >= Tier.PROVEN
    ways = []
    if order.email:
        name, _, host = order.email.partition("@")
        ways.append(("email", f"{name[:1]}•••@{host[:1]}•••" if told else ""))
    if order.phone:
        ways.append(("sms", f"•••{str(order.phone)[-2:]}" if told else ""))
    return tuple(ways)


def choices_of(order: Order, tier: Tier) -> tuple[tuple[str, str], ...]:
    """Where the customer chooses messages: the page's path and the masked address, for each way the shop writes.
    Only for who has read the customer's own mail or phone: the path itself holds the address, and works for ever."""
    if tier < Tier.CODE:
        return ()
    ways = {
        "email": (order.email, order.merchant.notify_email),
        "sms": (order.phone, order.merchant.notify_sms),
    }
    return tuple(
        (reverse("wishes", args=[wishes.sign(order, channel, str(ways[channel][0]))]), masked)
        for channel, masked in ways_of(order, tier)
        if ways[channel][1]
    )


def scores() -> tuple[tuple[int, str], ...]:
    words = (_("Bad"), _("Poor"), _("Fair"), _("Good"), _("Very good"))
    return tuple((score, f"{score}/5: {said}") for score, said in enumerate(words, 1))


def said_of(order: Order, row: Any, now: datetime) -> dict[str, Any]:
    """The customer's part of a parcel: `row` carries its rating and `told`, the kind of its open report."""
    rating = getattr(row, "rating", None)
    outbound = row.direction == Direction.OUTBOUND
    there = arrived_at(row, order)
    return {
        "may_rate": there is not None and there > now - RATES_FOR,
        "score": rating.score if rating else 0,
        "comment": rating.comment if rating else "",
        "may_miss": there is not None and not row.told,
        "asks_address": outbound and row.tracking_status in ADDRESS_STATUSES and not row.told,
        "told": row.told or "",
    }
