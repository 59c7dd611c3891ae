"""Why it says this, what was known when, whose number it is, and a journey in legs."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from shipping.carriers.base import Reading
from shipping.models import CodeMapping, QuarantinedReading, Shipment, TrackingEvent
from shipping.status import TrackingStatus
from shipping.tracking import remap
from shipping.tracking.explain import RULES, Heard, explain, frames
from shipping.tracking.legs import legs, same_carrier, without_corrected
from shipping.tracking.record import record
from shipping.tracking.reduce import Event, reduce
from tests.factories import NOW, make_shipment

S = TrackingStatus
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

events = st.lists(
    st.builds(
        lambda status, minutes: Event(status, T0 + timedelta(minutes=minutes), f"{status}@{minutes}"),
        st.sampled_from(S.values), st.integers(0, 60),
    ), max_size=12,
)  # fmt: skip


# --- the pure parts -----------------------------------------------------------------------------------------


@given(events)
def test_the_explanation_ends_where_the_reducer_does(said):
    steps, state = explain(said), reduce(said)
    assert (steps[-1].after if steps else S.UNKNOWN) == state.status
    assert [one.key for one in steps if one.decides] == ([state.decided_by] if steps else [])
    assert {one.key for one in steps if not one.changed} == set(state.ignored)
    assert all(one.rule in RULES for one in steps)
    for before, after in pairwise(steps):
        assert before.after == after.before
    for one in steps:
        assert one.changed or one.before == one.after


@given(events, st.randoms(use_true_random=False))
def test_each_frame_is_what_was_known_then(said, random):
    unique = list({event.key: event for event in said}.values())
    heard = [Heard(event, T0 + timedelta(minutes=random.randrange(200))) for event in unique]
    found = frames(heard)
    assert sorted(key for frame in found for key in frame.new) == sorted(event.key for event in unique)
    for frame in found:
        assert frame.state == reduce([one.event for one in heard if one.received_at <= frame.at])
    if found:
        assert found[-1].state == reduce(said)


@given(events, st.integers(-180, 180))
def test_a_skewed_clock_turns_no_parcel_back_and_undelivers_none(said, skew):
    """One place's clock is off by up to three hours: a parcel that was never on its way back does not get there, and
    one that was delivered stays so."""
    forward = [event for event in said if event.status not in (S.RETURNING, S.RETURNED)]
    skewed = [
        Event(event.status, event.occurred_at + timedelta(minutes=skew * (index % 2)), event.key)
        for index, event in enumerate(forward)
    ]
    before, after = reduce(forward), reduce(skewed)
    assert after.status not in (S.RETURNING, S.RETURNED)
    assert (before.status == S.DELIVERED) == (after.status == S.DELIVERED)


def told(status, hours, carrier="DHL", message="", code="", heard=None):
    return TrackingEvent(status=status, occurred_at=T0 + hours * HOUR, carrier=carrier, message=message, code=code,
                         received_at=T0 + (hours if heard is None else heard) * HOUR)  # fmt: skip


def test_legs_by_carrier_and_by_direction():
    story = [
        told("picked_up", 1), told("in_transit", 2, "dhl-germany"), told("in_transit", 3, ""), told("in_transit", 30, "USPS"),
        told("delivered", 50, "USPS"), told("returning", 90, "USPS"), told("returned", 120, "DHL"),
    ]  # fmt: skip
    assert [(leg.kind, leg.carrier, len(leg.events)) for leg in legs(story)] == [
        ("out", "DHL", 3), ("out", "USPS", 2), ("back", "USPS", 1), ("back", "DHL", 1),
    ]  # fmt: skip
    assert legs([]) == []


def kinds(story):
    return [
        (leg.kind, leg.carrier, len(leg.events))
        for leg in legs(sorted(story, key=lambda one: one.occurred_at))
    ]


@pytest.mark.parametrize("skew", [-8, -4, -1, 0, 1, 4, 8])
def test_a_depots_wrong_clock_makes_no_hand_over_there_and_back(skew):
    """The last depot of the first carrier, or the first of the second, is off by hours."""
    last_of_first = [told("picked_up", 0), told("in_transit", 20), told("in_transit", 30 + skew),
                     told("in_transit", 32, "USPS"), told("in_transit", 50, "USPS"), told("delivered", 70, "USPS")]  # fmt: skip
    assert kinds(last_of_first) == [("out", "DHL", 3), ("out", "USPS", 3)]
    first_of_second = [told("picked_up", 0), told("in_transit", 20), told("in_transit", 30),
                       told("in_transit", 32 + skew, "USPS"), told("in_transit", 50, "USPS"), told("delivered", 70, "USPS")]  # fmt: skip
    assert kinds(first_of_second) == [("out", "DHL", 3), ("out", "USPS", 3)]


def test_who_has_only_been_told_of_it_has_no_leg():
    """The last carrier announces its label days before it gets the parcel, and an odd word of the first comes late."""
    story = [told("pre_transit", 0, "USPS"), told("picked_up", 5), told("in_transit", 40), told("in_transit", 60, "USPS"),
             told("unknown", 70), told("delivered", 80, "USPS")]  # fmt: skip
    assert kinds(story) == [("out", "DHL", 3), ("out", "USPS", 3)]
    assert kinds(story[:1]) == [("out", "USPS", 1)]


def test_a_carrier_that_truly_has_it_again_has_a_leg_of_its_own():
    story = [told("picked_up", 0), told("in_transit", 20), told("in_transit", 30, "Customs"), told("in_transit", 48),
             told("in_transit", 60)]  # fmt: skip
    assert kinds(story) == [("out", "DHL", 2), ("out", "Customs", 1), ("out", "DHL", 2)]


@pytest.mark.parametrize("skew", [-9, -4, 0, 4])
def test_a_parcel_that_turned_back_after_delivery_is_not_home_because_a_clock_is_wrong(skew):
    story = [
        told("picked_up", 0),
        told("out_for_delivery", 40),
        told("delivered", 50),
        told("returning", 52 + skew),
    ]
    assert kinds(story) == [("out", "DHL", 3), ("back", "DHL", 1)]
    assert reduce(Event(one.status, one.occurred_at, one.status) for one in story).status == "returning"
    home = [*story, told("delivered", 52 + skew + 30)]
    assert reduce(Event(one.status, one.occurred_at, str(one)) for one in home).status == "returned"


@given(
    st.lists(
        st.tuples(st.sampled_from(S.values), st.sampled_from(["DHL", "USPS", ""]), st.integers(0, 90)),
        max_size=10,
    )
)
def test_legs_hold_every_word_once_and_never_go_out_after_they_came_back(drawn):
    story = sorted(
        (told(status, hours, carrier) for status, carrier, hours in drawn), key=lambda one: one.occurred_at
    )
    found = legs(story)
    assert sorted(map(id, story)) == sorted(id(event) for leg in found for event in leg.events)
    assert [leg.kind for leg in found] == sorted((leg.kind for leg in found), reverse=True)
    for one, two in pairwise(found):
        assert one.kind != two.kind or not same_carrier(one.carrier, two.carrier)


def test_one_carrier_by_several_names():
    assert same_carrier("DHL", "dhl-germany") and same_carrier("DHL Parcel", "DHLParcel")
    assert not same_carrier("UPS", "USPS") and not same_carrier("", "") and not same_carrier("DHL", "")


def test_a_corrected_text_takes_the_place_of_the_first():
    first = told("in_transit", 2, message="Arrived at Bremn", code="AR", heard=2)
    right = told("in_transit", 2, message="Arrived at Bremen", code="AR", heard=5)
    other = told("in_transit", 2, message="Left Bremen", code="DP", heard=2)
    for order in ([first, right, other], [right, first, other], [other, right, first]):
        assert {event.message for event in without_corrected(order)} == {"Arrived at Bremen", "Left Bremen"}


# --- whose number it is -------------------------------------------------------------------------------------


def say(merchant, status="in_transit", at=NOW, **fields):
    reading = Reading(status, at, **({"tracking_number": "JD1", "carrier": "DHL"} | fields))
    return record([reading], merchant=merchant, now=max(at, NOW))


def test_two_carriers_with_one_number(merchant):
    ours = make_shipment(merchant, tracking_number="JD1", carrier="DHL Germany")
    theirs = make_shipment(merchant, tracking_number="JD1", carrier="UPS")
    say(merchant)
    say(merchant, "delivered", carrier="UPS", at=NOW + HOUR)
    assert [Shipment.objects.get(pk=one.pk).tracking_status for one in (ours, theirs)] == [
        "in_transit",
        "delivered",
    ]
    say(merchant, carrier="GLS", at=NOW + 2 * HOUR)
    assert QuarantinedReading.objects.count() == 1, "nobody can say which of the two this third carrier has"


def test_the_next_carrier_of_one_parcel_is_no_stranger(merchant, client):
    shipment = make_shipment(merchant, tracking_number="JD1", carrier="DHL")
    say(merchant)
    say(merchant, carrier="USPS", at=NOW + HOUR)
    assert shipment.events.count() == 2
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    assert "Handed over to USPS" in page


def test_a_number_used_again_is_the_new_parcels_and_long_after_nobodys(merchant):
    old = make_shipment(merchant, tracking_number="JD1", carrier="DHL")
    say(merchant, "delivered")
    late = NOW + timedelta(days=100)
    say(merchant, at=late)
    assert QuarantinedReading.objects.count() == 1 and old.events.count() == 1
    new = make_shipment(merchant, now=late, placed_at=late, tracking_number="JD1", carrier="DHL")
    say(merchant, at=late + HOUR)
    say(merchant, "returning", at=NOW + timedelta(days=20))
    assert (new.events.count(), old.events.count()) == (1, 2), (
        "a return under the same number is the old parcel's"
    )


# --- the page -----------------------------------------------------------------------------------------------


@pytest.fixture
def parcel(merchant):
    shipment = make_shipment(merchant, tracking_number="JD1", carrier="DHL", address={"name": "李小龙"})
    say(merchant, "picked_up", message="Abgeholt", code="PU")
    say(merchant, "delivered", at=NOW + 5 * HOUR, message="Zugestellt <b>", code="DL")
    late_word = Reading(
        "in_transit", NOW + 9 * HOUR, tracking_number="JD1", carrier="DHL", message="Stray", code="XX"
    )
    record([late_word], merchant=merchant, now=NOW + 30 * HOUR)
    return Shipment.objects.get(pk=shipment.pk)


def test_the_page_says_which_word_decides_and_what_was_seen_when(client, bob, parcel):
    notices = parcel.order.notices.filter(pk=parcel.order.notices.first().pk)
    notices.update(state="sent", sent_at=NOW + 6 * HOUR)
    client.force_login(bob)
    url = reverse("admin:shipping_shipment_why", args=[parcel.pk])
    page = client.get(url).content.decode()
    assert page.count("This decides") == 1 and "Zugestellt &lt;b&gt;" in page
    assert "Delivered is left only by a return." in page and "mapping version" in page
    assert page.count("heard:") == 3 and page.count("sent:") == 1
    said = client.get(url + "?format=json").json()
    assert (said["status"], said["decided_by"]["code"]) == ("delivered", "DL")
    assert [(step["rule"], step["changed"]) for step in said["steps"]] == [
        ("first-word", True), ("later-wins", True), ("delivered-sticks", False),
    ]  # fmt: skip
    link = client.get(reverse("admin:shipping_shipment_change", args=[parcel.pk])).content.decode()
    assert url in link


def shown(client, parcel):
    page = client.get(reverse("admin:shipping_shipment_why", args=[parcel.pk]))
    return [(moment.label, moment.anew) for moment in page.context["moments"]], page.content.decode()


def test_the_slider_shows_what_was_shown_then_though_a_code_has_been_mapped_since(client, alice, merchant):
    parcel = make_shipment(merchant, tracking_number="JD1", carrier="DHL")
    say(merchant, "picked_up")
    odd = Reading(
        "unknown", NOW + HOUR, tracking_number="JD1", carrier="DHL", code="ZZ", provider="aftership"
    )
    record([odd], merchant=merchant, now=NOW + HOUR)
    remap.map_code(CodeMapping.objects.get(), "delivered", user=alice, now=NOW + 9 * HOUR)
    remap.reread(CodeMapping.objects.get().pk, now=NOW + 9 * HOUR)
    client.force_login(alice)
    labels, page = shown(client, parcel)
    assert labels[-3:] == [("Picked up", False), ("Picked up", False), ("Delivered", True)]
    assert "read anew" in page and "mapping version 1001" in page


def test_the_word_that_decides_is_shown_among_any_number(client, alice, merchant):
    parcel = make_shipment(merchant, tracking_number="JD1", carrier="DHL")
    say(merchant, "delivered", code="DL")
    for start in range(0, 520, 260):
        later = [Reading("in_transit", NOW + timedelta(minutes=1 + start + at), tracking_number="JD1", carrier="DHL")
                 for at in range(260)]  # fmt: skip
        record(later, merchant=merchant, now=NOW + 30 * HOUR)
    client.force_login(alice)
    _, page = shown(client, parcel)
    assert page.count("This decides") == 1 and page.count("stays Delivered") == 500
    said = client.get(reverse("admin:shipping_shipment_why", args=[parcel.pk]) + "?format=json").json()
    assert said["decided_by"]["code"] == "DL" and len(said["steps"]) == 501


def test_the_legs_are_told_in_words(client, alice, merchant):
    parcel = make_shipment(merchant, tracking_number="JD1", carrier="DHL")
    say(merchant, "picked_up")
    say(merchant, "delivered", at=NOW + 30 * HOUR, carrier="USPS")
    say(merchant, "returning", at=NOW + 60 * HOUR, carrier="USPS")
    client.force_login(alice)
    _, page = shown(client, parcel)
    legs_said = re.findall(r"<li><bdi>([^<]*)</bdi>, ([^:]*):", page)
    assert legs_said == [
        ("DHL", "to the customer"), ("Handed over to USPS", "to the customer"), ("Turned back, USPS", "back to the sender"),
    ]  # fmt: skip


def test_a_parcel_nobody_spoke_of(client, bob, merchant):
    client.force_login(bob)
    parcel = make_shipment(merchant)
    page = client.get(reverse("admin:shipping_shipment_why", args=[parcel.pk]))
    assert page.status_code == 200 and b"Nobody has said anything" in page.content


def test_it_asks_no_more_for_more_words(client, bob, parcel, merchant, django_assert_max_num_queries):
    client.force_login(bob)
    for number in range(40):
        say(merchant, at=NOW + number * timedelta(minutes=1), message=f"Word {number}")
    with django_assert_max_num_queries(14):
        client.get(reverse("admin:shipping_shipment_why", args=[parcel.pk]))


def test_strangers_learn_nothing(client, charlie, parcel):
    client.force_login(charlie)
    url = reverse("admin:shipping_shipment_why", args=[parcel.pk])
    assert client.get(url).status_code == client.get(url + "?format=json").status_code == 404
