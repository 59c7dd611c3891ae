"""Parcels of demo shops that move while one watches: the demo's orders, whichever carrier their parcels name, and what is given to
the carrier “Simulator”. No real carrier is asked.

What happens to a parcel is drawn once from its code, so the same parcel always has the same story.
Events enter by the same door as every carrier's.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from orders.models import ShippingAddress
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.status import FINAL, Direction, Stage, TrackingStatus
from shipping.tracking.record import record

S = TrackingStatus
NAME, DEMO = "Simulator", "demo"
"""A carrier, and the source of orders that are made up."""
MINE = Q(carrier=NAME) | Q(order__source=DEMO, supplier__isnull=True) & ~Q(tracking_number="")
STEP = timedelta(seconds=40)

HUBS = {
    "AT": "Linz", "AU": "Melbourne", "BR": "Belo Horizonte", "CA": "Montréal", "CH": "Olten", "CN": "武汉", "CZ": "Brno",
    "DE": "Leipzig", "DK": "Odense", "EG": "الإسكندرية", "ES": "Zaragoza", "FI": "Tampere", "FR": "Lyon", "GB": "Coventry",
    "GR": "Θεσσαλονίκη", "IL": "חיפה", "IN": "Nagpur", "IT": "Bologna", "JP": "名古屋", "KR": "대전", "MX": "Querétaro",
    "NL": "Utrecht", "NO": "Lillestrøm", "PL": "Łódź", "PT": "Coimbra", "SE": "Jönköping", "TH": "Nakhon Ratchasima",
    "TR": "Eskişehir", "UA": "Вінниця", "US": "Memphis", "VN": "Đà Nẵng",
}  # fmt: skip
"""A town on the way, so that the route of a demo parcel has one."""

STORIES: list[tuple[int, list[tuple[str, str, str]]]] = [
    (70, [
        (S.PICKED_UP, "Picked up by the carrier", "origin"), (S.IN_TRANSIT, "Left the depot", "origin"),
        (S.IN_TRANSIT, "Arrived at the regional depot", "near"), (S.OUT_FOR_DELIVERY, "With the driver", "there"),
        (S.DELIVERED, "Handed to the recipient", "there"),
    ]),
    (10, [
        (S.PICKED_UP, "Picked up by the carrier", "origin"), (S.OUT_FOR_DELIVERY, "With the driver", "there"),
        (S.ATTEMPT_FAILED, "Nobody was in", "there"), (S.AVAILABLE_FOR_PICKUP, "Waits at the pick-up point", "there"),
        (S.DELIVERED, "Collected by the recipient", "there"),
    ]),
    (8, [
        (S.PICKED_UP, "Picked up by the carrier", "origin"), (S.DELAYED, "Missed its connection", "near"),
        (S.IN_TRANSIT, "On its way again", "near"), (S.OUT_FOR_DELIVERY, "With the driver", "there"),
        (S.DELIVERED, "Left with a neighbour", "there"),
    ]),
    (6, [
        (S.PICKED_UP, "Picked up by the carrier", "origin"), (S.ON_HOLD, "Held by customs", "near"),
    ]),
    (6, [
        (S.PICKED_UP, "Picked up by the carrier", "origin"), (S.ATTEMPT_FAILED, "Address not found", "there"),
        (S.RETURNING, "Going back to the sender", "there"), (S.RETURNED, "Back at the sender", "origin"),
    ]),
]  # fmt: skip


def story_of(code: str) -> list[tuple[str, str, str]]:
    draw = random.Random(code).uniform(0, sum(weight for weight, _ in STORIES))  # noqa: S311
    for weight, story in STORIES:
        draw -= weight
        if draw <= 0:
            return story
    return STORIES[0][1]


def readings_of(shipment: Shipment, address: ShippingAddress, times: list[datetime]) -> Iterator[Reading]:
    """The story of a parcel told at the given times (as many steps as there are times)."""
    sender = shipment.merchant.locations.filter(kind="sender").first()
    places = {
        "origin": (sender.city, sender.country) if sender else ("", ""),
        "near": (HUBS.get(address.country, f"{address.city} region"), address.country),
        "there": (address.city, address.country),
    }
    for (status, message, where), when in zip(story_of(shipment.code), times, strict=False):
        city, country = places[where]
        yield Reading(
            status=status, occurred_at=when, carrier=shipment.carrier, tracking_number=shipment.tracking_number,
            shipment_id=shipment.pk, source="simulator", code=f"SIM-{status}", message=message,
            city=city, country=country, zone=shipment.recipient_zone, payload={"simulated": True},
        )  # fmt: skip


def tick(*, now: datetime, limit: int = 25) -> int:
    """Move the handed-over parcels of demo merchants one step each, where a step is due. Returns how many moved."""
    due = (
        Shipment.objects.filter(MINE, merchant__is_demo=True, stage=Stage.HANDED_OVER)
        .filter(direction=Direction.OUTBOUND)
        .exclude(tracking_status__in=FINAL)
        .filter(last_event_at__lt=now - STEP)
        .select_related("merchant", "order__ship_to")
        .order_by("-handed_over_at")[:limit]
    )
    moved = 0
    for shipment in due:
        told = shipment.events.filter(source="simulator").count()
        story = story_of(shipment.code)
        if told >= len(story):
            continue
        *_, reading = readings_of(shipment, shipment.order.ship_to, [now] * (told + 1))
        moved += record([reading], merchant=shipment.merchant, now=now, actor=shipment.carrier).moved
    return moved
