"""Events from files and from the simulator; both enter by the door of every event."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from orders.models import Order
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import LateCase, QuarantinedReading, Shipment, TrackingEvent
from shipping.status import PUBLIC, Stage, TrackingStatus
from shipping.tracking import simulator
from shipping.tracking.record import record
from tests.factories import NOW, make_shipment

pytestmark = pytest.mark.django_db
HEAD = "tracking_number,occurred_at,status,message,city,country,eta\n"


@pytest.fixture
def bring(merchant, tmp_path, capsys):
    def run(text):
        path = tmp_path / "events.csv"
        path.write_text(text, encoding="utf-8")
        call_command("import_events", str(path), merchant=merchant.slug)
        return capsys.readouterr()

    return run


def test_a_file_of_events_moves_parcels_and_can_come_twice(merchant, bring):
    shipment = make_shipment(merchant, tracking_number="CSV1")
    text = (
        HEAD
        + "csv-1,2026-03-05T09:00,in_transit,Left the depot,Bremen,DE,2026-03-09\n"
        + "CSV 1,2026-03-06T09:00+02:00,delivered,At the door,Köln,de,\n"
        + "NOBODYS,2026-03-06T09:00,delivered,,,,\n"
        + "CSV1,2026-03-06T09:00,teleported,,,,\n"
        + "CSV1,yesterday,delivered,,,,\n"
        + "CSV1,0001-01-01T00:00,delivered,,,,\n"
    )
    said = bring(text)
    assert "2 events recorded, 0 known already, 1 in quarantine, 3 rows with errors" in said.out
    assert (
        "row 5, status: “teleported” is no tracking status" in said.err
        and "row 6, occurred_at" in said.err
        and "row 7, occurred_at" in said.err
    )
    shipment.refresh_from_db()
    assert (shipment.tracking_status, shipment.order.status) == ("delivered", "delivered")
    first = shipment.events.get(status="in_transit")
    assert (first.occurred_at.isoformat(), first.zone, first.zone_assumed) == (
        "2026-03-05T08:00:00+00:00",
        "Europe/Berlin",
        True,
    )
    assert shipment.events.get(status="delivered").zone_assumed is False
    assert "0 events recorded, 2 known already" in bring(text).out
    assert QuarantinedReading.objects.count() == 1


def test_a_file_that_is_none_says_which_columns_there_are(bring):
    with pytest.raises(CommandError, match=r"lacks the column occurred_at, status\. Known columns"):
        bring("a,b\n1,2\n")


def test_the_simulator_tells_every_story_to_its_end(merchant):
    merchant.is_demo = True
    merchant.save()
    shipment = make_shipment(merchant, tracking_number="SIM1", carrier=simulator.NAME)
    other = make_shipment(merchant, tracking_number="X1", carrier="DHL")
    Shipment.objects.update(stage=Stage.HANDED_OVER, handed_over_at=NOW, last_event_at=NOW)
    story = [status for status, _, _ in simulator.story_of(shipment.code)]
    for step in range(1, len(story) + 3):
        simulator.tick(now=NOW + simulator.STEP * 2 * step)
    assert list(shipment.events.order_by("occurred_at").values_list("status", flat=True)) == story
    assert not TrackingEvent.objects.filter(shipment=other).exists()


def test_the_simulator_moves_the_demos_orders_under_their_carriers_names(merchant):
    merchant.is_demo = True
    merchant.save()
    shipment = make_shipment(merchant, tracking_number="X1", carrier="DHL")
    Order.objects.filter(pk=shipment.order_id).update(source=simulator.DEMO)
    Shipment.objects.update(stage=Stage.HANDED_OVER, handed_over_at=NOW, last_event_at=NOW)
    assert simulator.tick(now=NOW + simulator.STEP * 2) == 1
    assert TrackingEvent.objects.get().carrier == "DHL"
    merchant.is_demo = False
    merchant.save()
    assert simulator.tick(now=NOW + simulator.STEP * 4) == 0


def test_the_stories_use_words_that_customers_can_read():
    assert {status for _, story in simulator.STORIES for status, _, _ in story} <= set(TrackingStatus)
    assert set(PUBLIC) == set(TrackingStatus)
    assert len({words.headline for words in PUBLIC.values()}) == len(TrackingStatus)


def test_staff_say_what_they_know_by_the_same_door(merchant, alice, bob):
    shipment = make_shipment(merchant, carrier="DHL")
    client = Client()
    client.force_login(alice)
    form = {
        "code": shipment.code.lower(), "status": "delivered", "occurred_at_0": "2026-03-05", "occurred_at_1": "12:00",
        "message": "Seen by the driver", "city": "Bonn", "country": "de",
    }  # fmt: skip
    url = reverse("admin:shipping_trackingevent_add")
    assert client.post(url, form).status_code == 302
    shipment.refresh_from_db()
    event = shipment.events.get()
    assert (shipment.tracking_status, event.source, event.payload) == ("delivered", "staff", {"by": "alice"})
    future = client.post(url, form | {"occurred_at_0": "2999-01-01"})
    assert "lies in the future" in future.content.decode()
    client.force_login(bob)
    assert client.post(url, form).status_code == 403


def test_the_late_list_is_worst_first_and_open(merchant, alice):
    for days in (0, 3, 1):
        make_shipment(merchant, placed_at=NOW - timedelta(days=days), now=NOW)
    review(now=NOW + timedelta(days=20))
    client = Client()
    client.force_login(alice)
    listed = client.get(reverse("admin:shipping_latecase_changelist")).context["cl"].result_list
    scores = [case.score for case in listed]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True)
    LateCase.objects.update(closed_at=NOW)
    assert len(client.get(reverse("admin:shipping_latecase_changelist")).context["cl"].result_list) == 0


def test_many_parcels_at_once_ask_little_and_one_bad_one_spoils_none(
    merchant, django_assert_max_num_queries, monkeypatch
):
    from shipping.tracking import record as module

    parcels = [make_shipment(merchant) for _ in range(30)]
    first = [Reading("in_transit", NOW, shipment_id=parcel.pk) for parcel in parcels]
    assert record(first, merchant=merchant, now=NOW).moved == 30
    again = [Reading("in_transit", NOW + timedelta(hours=1), shipment_id=parcel.pk) for parcel in parcels]
    with django_assert_max_num_queries(12):
        assert record([*again, *first], merchant=merchant, now=NOW).added == 30
    bad, real = parcels[7].pk, module._promise

    def refuse(shipment, *args, **kwargs):
        if shipment.pk == bad:
            raise RuntimeError("this one")
        return real(shipment, *args, **kwargs)

    monkeypatch.setattr(module, "_promise", refuse)
    later = [
        Reading("out_for_delivery", NOW + timedelta(hours=2), shipment_id=parcel.pk) for parcel in parcels
    ]
    with pytest.raises(RuntimeError):
        record(later, merchant=merchant, now=NOW)
    monkeypatch.undo()
    assert parcels[7].events.count() == 2 and parcels[0].events.count() == 3
    assert record(later, merchant=merchant, now=NOW).moved == 30 - 7
