"""Where a parcel waits for its customer, out of what the carriers say."""

from datetime import UTC, datetime

import pytest

from shipping.carriers.aftership import read_tracking
from shipping.carriers.base import Reading
from shipping.models import TrackingEvent
from shipping.pickup import point_of, points
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

HOURS = "Mo-Fr 8-20 h, Sa 9-16 h"


def said(**more):
    points = [
        {"tag": "InTransit", "subtag": "InTransit_001", "checkpoint_time": "2026-03-02T08:00:00+01:00", "message": "On the way"},
        {"tag": "AvailableForPickup", "subtag": "AvailableForPickup_001", "checkpoint_time": "2026-03-03T08:00:00+01:00",
         "message": "Ready to be collected", "city": "München", "country_iso3": "DEU"},
    ]  # fmt: skip
    return read_tracking({"tracking_number": "JD1", "slug": "dhl", "checkpoints": points} | more)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"pickup_location": "Kiosk am Markt", "pickup_note": HOURS}, f"Kiosk am Markt, {HOURS}"),
        ({"pickup_location": "Kiosk am Markt"}, "Kiosk am Markt"),
        ({"pickup_location": None, "pickup_note": " "}, "Ready to be collected"),
        ({}, "Ready to be collected"),
    ],
)
def test_aftership_names_the_point_and_its_hours_beside_the_checkpoints(more, words):
    way, waits = said(**more)
    assert way.message == "On the way" and waits.message == words
    assert point_of([_event(waits)]) == f"{words}, München, DE"


def _event(reading):
    return TrackingEvent(
        status=reading.status, message=reading.message, city=reading.city, country=reading.country
    )


@pytest.mark.django_db
def test_the_newest_word_counts_and_other_parcels_do_not(merchant, django_assert_num_queries):
    mine, other = make_shipment(merchant), make_shipment(merchant)
    for parcel, day, words in ((mine, 2, "Old kiosk"), (mine, 3, "New kiosk"), (other, 4, "Elsewhere")):
        at = datetime(2026, 3, day, tzinfo=UTC)
        record(
            [Reading("available_for_pickup", at, shipment_id=parcel.pk, message=words)],
            merchant=merchant,
            now=NOW,
        )
    with django_assert_num_queries(1):
        assert points([mine.pk]) == {mine.pk: "New kiosk"}
    assert point_of([]) == ""
