"""Words of a carrier whose clock is wrong, and days that change without a scan."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers.base import Reading
from shipping.models import QuarantinedReading, TrackingEvent
from shipping.promise.estimate import Estimate
from shipping.promise.keep import promise
from shipping.tracking import quarantine
from shipping.tracking.clock import AHEAD, believable
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

HOUR = timedelta(hours=1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@given(moments, moments, moments)
def test_no_time_is_far_ahead_and_the_fact_stays_the_same_one(told, heard, again):
    reading = Reading("in_transit", told, code="X")
    taken = believable(reading, heard)
    assert taken.occurred_at - heard <= AHEAD
    assert taken.fingerprint == reading.fingerprint == believable(taken, again).fingerprint
    assert (taken.told_at or taken.occurred_at) == told
    assert Reading.from_json(taken.to_json()) == taken


@pytest.fixture
def shipment(merchant):
    return make_shipment(merchant, carrier="DHL", tracking_number="JD1")


def say(shipment, status, at, now, **more):
    reading = Reading(status, at, tracking_number="JD1", carrier="DHL", **more)
    done = record([reading], merchant=shipment.merchant, now=now)
    shipment.refresh_from_db()
    return done


class TestClock:
    def test_a_word_from_the_future_does_not_hold_the_parcel_back(self, shipment):
        say(shipment, "in_transit", NOW + timedelta(days=400), NOW)
        event = TrackingEvent.objects.get()
        assert (event.occurred_at, event.told_at) == (NOW, NOW + timedelta(days=400))
        say(shipment, "delivered", NOW + HOUR, NOW + 2 * HOUR)
        assert (shipment.tracking_status, shipment.delivered_at) == ("delivered", NOW + HOUR)

    def test_a_delivery_from_the_future_has_happened(self, shipment):
        say(shipment, "delivered", NOW + timedelta(days=30), NOW)
        assert (shipment.tracking_status, shipment.delivered_at) == ("delivered", NOW)

    def test_told_again_it_is_a_repeat_even_once_its_day_has_come(self, shipment):
        say(shipment, "in_transit", NOW + timedelta(days=3), NOW)
        for later in (HOUR, timedelta(days=5)):
            assert say(shipment, "in_transit", NOW + timedelta(days=3), NOW + later).repeated == 1
        assert TrackingEvent.objects.get().occurred_at == NOW

    def test_a_zone_misread_is_left_alone(self, shipment):
        say(shipment, "in_transit", NOW + timedelta(hours=14), NOW)
        assert TrackingEvent.objects.get().told_at is None

    def test_it_survives_quarantine(self, shipment):
        record([Reading("delivered", NOW + timedelta(days=9), tracking_number="JD9", carrier="DHL")],
               merchant=shipment.merchant, now=NOW)  # fmt: skip
        late = make_shipment(shipment.merchant, carrier="DHL", tracking_number="JD9")
        assert quarantine.redrive(QuarantinedReading.objects.all(), now=NOW + HOUR) == 1
        late.refresh_from_db()
        assert late.delivered_at == NOW

    def test_staff_read_of_it(self, shipment, client, alice):
        say(shipment, "in_transit", NOW + timedelta(days=400), NOW)
        client.force_login(alice)
        page = client.get(reverse("admin:shipping_shipment_why", args=[shipment.pk])).content.decode()
        assert "taken as when it was heard" in page and "2027" in page


class TestDayWithoutAScan:
    DAY = NOW.date() + timedelta(days=4)

    def test_the_carriers_new_day_for_the_same_scan_counts(self, shipment):
        say(shipment, "in_transit", NOW, NOW, eta=self.DAY)
        assert shipment.promised_to == self.DAY
        later = self.DAY + timedelta(days=2)
        say(shipment, "in_transit", NOW, NOW + HOUR, eta=later)
        assert shipment.promised_to == later
        assert [one.to_day for one in shipment.promises.order_by("pk")][-2:] == [self.DAY, later]
        assert say(shipment, "in_transit", NOW, NOW + 2 * HOUR, eta=later).repeated == 1
        assert shipment.promises.filter(to_day=later).count() == 1

    def test_an_old_scans_day_told_again_is_no_news(self, shipment):
        say(shipment, "in_transit", NOW, NOW, eta=self.DAY)
        say(shipment, "in_transit", NOW + HOUR, NOW + HOUR, eta=self.DAY + timedelta(days=1))
        say(shipment, "in_transit", NOW, NOW + 2 * HOUR, eta=self.DAY + timedelta(days=7))
        assert shipment.promised_to == self.DAY + timedelta(days=1)

    def test_what_was_promised_since_is_not_undone_by_the_same_words(self, shipment):
        say(shipment, "in_transit", NOW, NOW, eta=self.DAY)
        own = self.DAY + timedelta(days=3)
        promise(shipment, Estimate(own, own, "merchant", "by hand"), order=shipment.order, now=NOW + HOUR)
        say(shipment, "in_transit", NOW, NOW + 2 * HOUR, eta=self.DAY)
        assert shipment.promised_to == own

    def test_two_days_in_one_call_the_last_one_holds(self, shipment):
        days = [self.DAY, self.DAY + timedelta(days=5)]
        said = [Reading("in_transit", NOW, tracking_number="JD1", carrier="DHL", eta=day) for day in days]
        record(said[:1], merchant=shipment.merchant, now=NOW)
        record(said, merchant=shipment.merchant, now=NOW + HOUR)
        shipment.refresh_from_db()
        assert shipment.promised_to == self.DAY + timedelta(days=5)

    def test_no_day_after_delivery(self, shipment):
        say(shipment, "delivered", NOW, NOW, eta=self.DAY)
        before = shipment.promised_to
        say(shipment, "delivered", NOW, NOW + HOUR, eta=self.DAY + timedelta(days=5))
        assert shipment.promised_to == before
