"""The promise of a parcel through its life: learned, revised when it leaves, never hidden when it passes."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.models import OrderEvent
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import LateCase, LearnedTransit, Promise, Shipment
from shipping.promise.audit import record_of
from shipping.promise.estimate import learned_estimate
from shipping.promise.learned import refit, refit_all
from shipping.promise.revise import revise
from shipping.tasks import refit_transit, revise_promises
from shipping.tracking.record import record
from tests.factories import NOW, make_merchant, make_order, make_shipment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def shop(db):
    return make_merchant()


def past_parcels(merchant, count=120, days=3.0, country="DE", code="80331"):
    """Delivered parcels of the last six weeks, each `days` after its hand-over."""
    address = {"country": country, "postal_code": code, "city": "München"}
    start = NOW - timedelta(days=43)
    first = make_shipment(merchant, now=start, placed_at=start, address=address)
    rows = []
    for number in range(count):
        left = NOW - timedelta(days=42) + timedelta(hours=8 * number)
        arrives = left + timedelta(days=days + (number % 5) / 10)
        rows.append(Shipment(
            merchant=merchant, order=first.order, position=number + 2, ship_by=left, created_at=left, stage="handed_over",
            handed_over_at=left, first_scan_at=left, last_event_at=min(arrives, NOW), recipient_zone="Europe/Berlin",
            delivered_at=arrives if arrives < NOW else None,
            tracking_status="delivered" if arrives < NOW else "in_transit",
        ))  # fmt: skip
    Shipment.objects.bulk_create(rows)
    Shipment.objects.filter(pk=first.pk).update(stage="void")


def leave(shipment, at):
    Shipment.objects.filter(pk=shipment.pk).update(
        stage="handed_over", handed_over_at=at, first_scan_at=at, last_event_at=at
    )
    shipment.refresh_from_db()


def test_a_new_shop_promises_by_the_table_and_an_old_one_by_what_it_learned(shop):
    assert make_shipment(shop).promises.get().source == "table"
    past_parcels(shop)
    row = refit(shop, now=NOW)
    assert row.parcels >= 100 and 0.35 <= row.level_half <= 0.65
    promise = make_shipment(shop).promises.get()
    assert promise.source == "learned" and "parcels like it" in promise.reason
    leaves = make_order(shop).ship_by.date()
    assert leaves + timedelta(days=2) <= promise.from_day <= promise.to_day <= leaves + timedelta(days=6)


def test_the_shops_own_word_comes_first(shop):
    past_parcels(shop)
    refit(shop, now=NOW)
    shipment = make_shipment(shop, promised_on=date(2026, 3, 20))
    assert [(p.source, p.from_day) for p in shipment.promises.all()] == [("merchant", date(2026, 3, 20))]


def test_another_shop_learns_nothing_from_it(shop):
    past_parcels(shop)
    assert refit_all(now=NOW) == 1
    other = make_merchant("rival")
    assert make_shipment(other).promises.get().source == "table"
    assert LearnedTransit.objects.count() == 1
    assert refit_all(now=NOW + timedelta(hours=1)) == 0, "nothing has moved since"


def test_leaving_early_or_late_moves_the_promise(shop):
    past_parcels(shop)
    refit(shop, now=NOW)
    shipment = make_shipment(shop)
    before = shipment.promised_to
    leave(shipment, NOW + timedelta(days=4))
    assert revise(now=NOW + timedelta(days=4, minutes=5)) == 1
    shipment.refresh_from_db()
    assert shipment.promised_to > before and shipment.missed_on is None
    assert [p.source for p in shipment.promises.all()] == ["learned", "learned"]
    fact = OrderEvent.objects.get(order=shipment.order, kind="promise")
    assert (fact.old, fact.new) == (before.isoformat(), shipment.promised_to.isoformat())
    assert revise(now=NOW + timedelta(days=4, minutes=10)) == 0


@pytest.mark.parametrize("learned", [True, False])
def test_a_promise_that_passes_is_renewed_with_the_reason_and_stays_late(shop, learned):
    if learned:
        past_parcels(shop)
        refit(shop, now=NOW)
    shipment = make_shipment(shop)
    leave(shipment, NOW + timedelta(days=1))
    revise(now=NOW + timedelta(days=1, minutes=5))
    shipment.refresh_from_db()
    first = shipment.promised_to
    later = NOW + timedelta(days=(first - NOW.date()).days + 2)
    assert revise(now=later) >= 1
    shipment.refresh_from_db()
    assert shipment.missed_on == first and shipment.promised_from >= later.date()
    last = shipment.promises.last()
    assert f"{first.day} {first:%b} has passed" in last.reason and last.source == (
        "learned" if learned else "table"
    )
    review(now=later)
    assert LateCase.objects.get(shipment=shipment).rule == "past_promise", (
        "a new promise does not undo a broken one"
    )
    again = later + timedelta(days=30)
    revise(now=again)
    shipment.refresh_from_db()
    assert shipment.missed_on == first and shipment.promised_to >= again.date()


def test_one_that_never_left_is_promised_anew_too(shop):
    shipment = make_shipment(shop)
    later = NOW + timedelta(days=20)
    revise(now=later)
    shipment.refresh_from_db()
    assert shipment.promised_from > later.date() and "has not left yet" in shipment.promises.last().reason


def test_a_carriers_day_after_the_promise_has_passed_leaves_it_missed(shop):
    shipment = make_shipment(shop, carrier="DHL", tracking_number="JD1")
    first, later = shipment.promised_to, NOW + timedelta(days=15)
    eta = later.date() + timedelta(days=1)
    record(
        [Reading("in_transit", later, tracking_number="JD1", carrier="DHL", eta=eta)],
        merchant=shop,
        now=later,
    )
    shipment.refresh_from_db()
    assert (shipment.promised_to, shipment.missed_on) == (eta, first)


@pytest.mark.parametrize("status", ["returning", "available_for_pickup", "delivered", "cancelled"])
def test_what_no_carrier_brings_gets_no_new_day(shop, status):
    shipment = make_shipment(shop)
    leave(shipment, NOW)
    Shipment.objects.filter(pk=shipment.pk).update(tracking_status=status)
    revise(now=NOW + timedelta(days=20))
    assert shipment.promises.count() == 1


def test_the_customer_reads_both_days(shop, client):
    shipment = make_shipment(shop)
    leave(shipment, NOW)
    Shipment.objects.update(
        tracking_status="in_transit",
        missed_on=date(2026, 3, 6),
        promised_from=date(2099, 1, 1),
        promised_to=date(2099, 1, 2),
    )
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode().replace("\u00a0", " ")
    assert "promised for Fri 6 March" in page and "2099" in page and "It is later than promised" in page


def test_the_tasks(shop):
    past_parcels(shop)
    refit_transit()
    revise_promises()
    assert Promise.objects.exists()


@given(st.floats(0, 30), st.floats(0, 30), st.sampled_from(["DE", "US", "JP", "XX"]))
def test_days_are_in_order_and_never_on_a_holiday(half, more, country):
    from orders.handling import is_holiday

    said = learned_estimate(NOW, half, half + more, zone=BERLIN, country=country, like=50)
    assert NOW.astimezone(BERLIN).date() <= said.from_day <= said.to_day
    assert not is_holiday(said.from_day, country) and not is_holiday(said.to_day, country)


def test_the_record_is_of_what_was_promised_when_they_left(shop, client):
    past_parcels(shop, count=30)
    for number, row in enumerate(Shipment.objects.filter(stage="handed_over").order_by("pk")):
        Shipment.objects.filter(pk=row.pk).update(
            carrier="DHL", delivered_at=row.handed_over_at + timedelta(days=3)
        )
        day = row.handed_over_at.date() + timedelta(days=2 if number < 6 else 5)
        promise = {"shipment": row, "from_day": day, "to_day": day, "source": "table"}
        Promise.objects.create(made_at=row.handed_over_at, **promise)
        later = {**promise, "to_day": day + timedelta(days=30)}
        Promise.objects.create(
            made_at=row.handed_over_at + timedelta(days=2), **later
        )  # a later word mends no record
    assert record_of(shop.pk, "DHL", "DE") == (24, 30)
    assert record_of(shop.pk, "UPS", "DE") is None and record_of(shop.pk, "DHL", "FR") is None
    LearnedTransit.objects.create(merchant=shop, fitted_at=NOW, parcels=0, level_half=0.5, level_most=0.9, data=b"",
                                  kept={"dhl DE": [24, 30]})  # fmt: skip
    shipment = make_shipment(shop, carrier="DHL")
    leave(shipment, NOW)
    Shipment.objects.filter(pk=shipment.pk).update(
        tracking_status="in_transit", promised_from=date(2099, 1, 1), promised_to=date(2099, 1, 2)
    )
    page = client.get(f"/t/{shipment.order.public_key}/").content.decode()
    assert "Such dates were kept for 24 of the last 30 parcels on this route." in page


def test_refitting_keeps_the_record(shop):
    past_parcels(shop)
    Shipment.objects.update(carrier="DHL")
    for row in Shipment.objects.filter(delivered_at__isnull=False):
        day = row.delivered_at.date()
        Promise.objects.create(
            shipment=row, from_day=day, to_day=day, source="table", made_at=row.handed_over_at
        )
    assert refit(shop, now=NOW).kept == {"dhl DE": [100, 100]}
