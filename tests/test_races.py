"""Several workers at once, on a database that lets them: PostgreSQL (make test-services)."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, connections

from notifications import delivery
from notifications.models import Attempt, Notice
from orders.lifecycle import change_status
from orders.models import Customer, Order, OrderEvent, Product, Supplier
from orders.place import IncomingLine, place
from orders.purchasing import PurchaseError, Wanted, buy, receive
from shipping.carriers.base import Reading
from shipping.desk import sign
from shipping.lateness import handle
from shipping.lateness.cases import review
from shipping.models import CarrierAccount, InboundWebhook, LateCase, PollState, Shipment, TrackingEvent
from shipping.tracking import inbound, polling
from shipping.tracking.record import record
from shipping.warehouse.coming import sent
from shipping.warehouse.manifests import hand_over_parcels, open_manifest
from shipping.warehouse.scanning import scan
from tests.factories import NOW, incoming, make_order, make_product, make_shipment

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite",
        reason="the test database of SQLite lives in memory and has one connection",
    ),
]


def together(*calls):
    """Run the calls at the same moment, each on a connection of its own, and return what they returned."""
    start = Barrier(len(calls))

    def run(call):
        try:
            start.wait(10)
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_same_order_told_by_eight_at_once_is_one(merchant):
    order = incoming()
    placed = together(*[lambda: place(order, merchant=merchant, now=NOW)] * 8)
    assert sum(result.created for result in placed) == 1
    assert {result.order.pk for result in placed} == {Order.objects.get().pk}
    assert (Customer.objects.count(), Shipment.objects.count(), Notice.objects.count()) == (1, 1, 1)


def test_eight_orders_at_once_share_stock_numbers_and_customer(merchant):
    make_product(merchant, "LAST", on_hand=5)
    orders = [incoming(lines=(IncomingLine("LAST", 1),), external_id=f"R{n}") for n in range(8)]
    together(*[lambda order=order: place(order, merchant=merchant, now=NOW) for order in orders])
    assert sorted(Order.objects.values_list("number", flat=True)) == [f"KIO-{n}" for n in range(1001, 1009)]
    assert Product.objects.get().reserved == 5
    assert Customer.objects.count() == 1


def test_two_parcels_delivered_at_once_deliver_the_order_once(merchant):
    for _ in range(5):
        order = make_order(merchant)
        first = order.shipments.get()
        second = Shipment.objects.create(
            merchant=merchant, order=order, position=2, ship_by=NOW, created_at=NOW
        )
        together(*[
            lambda parcel=parcel: record([Reading("delivered", NOW, shipment_id=parcel.pk)], merchant=merchant, now=NOW)
            for parcel in (first, second)
        ])  # fmt: skip
        order.refresh_from_db()
        assert order.status == "delivered"
        assert OrderEvent.objects.filter(order=order, kind="status", new="delivered").count() == 1
        assert set(order.notices.filter(milestone="delivered").values_list("subject", flat=True)) == {
            first.subject,
            second.subject,
        }


def test_the_same_event_told_by_eight_at_once_is_one(merchant):
    shipment = make_shipment(merchant)
    said = [Reading("in_transit", NOW, shipment_id=shipment.pk, code="X")]
    done = together(*[lambda: record(said, merchant=merchant, now=NOW)] * 8)
    assert sum(result.added for result in done) == TrackingEvent.objects.count() == 1
    assert sum(result.moved for result in done) == 1


def test_eight_workers_send_each_notice_once(merchant, settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"
    for _ in range(10):
        make_order(merchant)
    ids = list(Notice.objects.values_list("pk", flat=True))
    sent = together(*[lambda: sum(delivery.deliver(pk, clock=lambda: NOW) for pk in ids)] * 8)
    assert sum(sent) == Attempt.objects.count() == len(list(settings.MAIL_DIR.glob("*.eml"))) == 10


def test_two_reviews_at_once_open_one_case(merchant):
    make_shipment(merchant)
    late = NOW.replace(month=6)
    together(*[lambda: review(now=late)] * 4)
    assert LateCase.objects.count() == 1


def test_eight_people_act_on_one_case_at_once_and_no_word_is_lost(merchant, alice):
    """Each has looked at the same version: one of them changes it, the others are told, every note is kept."""
    shipment = make_shipment(merchant)
    review(now=NOW.replace(month=6))
    case = LateCase.objects.get(shipment=shipment)
    wakes, now = NOW.replace(year=2030), NOW.replace(month=6)

    def act(number):
        by = {"author": f"person {number}", "now": now, "version": case.version, "text": f"word {number}"}
        if number % 3 == 0:
            return handle.settle(case.pk, "refunded", **by)
        if number % 3 == 1:
            return handle.own(case.pk, alice, **by)
        return handle.snooze(case.pk, wakes, **by)

    done = together(*[partial(act, number) for number in range(8)])
    case.refresh_from_db()
    notes = set(case.entries.filter(kind="note").values_list("text", flat=True))
    assert {f"word {number}" for number in range(8)} <= notes
    assert sum(not one.refused for one in done) == 1 and case.version == 1
    assert case.entries.exclude(kind__in=["note", "alarm"]).count() == 1


def test_two_poll_dispatchers_at_once_never_claim_one_parcel_twice(merchant):
    account = CarrierAccount(merchant=merchant, provider="ups")
    account.open_with({"client_id": "a", "client_secret": "b"})
    account.save()
    parcels = [
        make_shipment(merchant, tracking_number=f"1Z5R8939035756{n:04}", carrier="UPS") for n in range(10)
    ]
    PollState.objects.bulk_create(PollState(shipment=row, account=account, next_at=NOW) for row in parcels)
    for _ in range(5):
        CarrierAccount.objects.update(poll_after=None)
        PollState.objects.update(claim=None, claimed_at=None)
        tasks = [task for said in together(*[lambda: polling.dispatch(now=NOW)] * 8) for task in said]
        assert len(tasks) == 1
        assert {str(claim) for claim in PollState.objects.values_list("claim", flat=True)} == {tasks[0][1]}


# --- the dock ---------------------------------------------------------------------------------------------


def load(merchant, user, count, **words):
    manifest = open_manifest(
        merchant=merchant,
        user=user,
        now=NOW,
        **({"carrier": "DHL", "dock": "", "driver": "", "vehicle": ""} | words),
    )
    for _ in range(count):
        pull(user, make_packed(merchant, user).code, manifest)
    return manifest


def make_packed(merchant, user):
    shipment = make_shipment(merchant)
    scan(user=user, code=shipment.code, mode="pack", client_id=uuid.uuid4(), now=NOW)
    return shipment


def pull(user, code, manifest):
    return scan(
        user=user, code=code, mode="handover", client_id=uuid.uuid4(), now=NOW, subject=str(manifest.pk)
    ).outcome


def test_two_docks_scan_one_parcel_and_one_of_them_has_it(merchant, bob):
    docks = [load(merchant, bob, 0) for _ in range(2)]
    for _ in range(5):
        parcel = make_packed(merchant, bob)
        said = together(*[lambda dock=dock, code=parcel.code: pull(bob, code, dock) for dock in docks])
        assert sorted(said) == ["on_manifest", "other_manifest"]
    assert sum(dock.shipments.count() for dock in docks) == 5


def test_eight_drivers_at_once_get_eight_numbers(merchant, bob):
    numbers = together(*[lambda: load(merchant, bob, 0).number] * 8)
    assert sorted(numbers) == list(range(1, 9))


def test_two_people_close_at_once_and_it_is_closed_once(merchant, alice, bob):
    make_product(merchant, "MUG-1", on_hand=50)
    manifest = load(merchant, bob, 6)
    together(*[lambda user=user: sign(manifest, user=user, now=NOW) for user in (alice, bob, alice)])
    assert [move.kind for move in manifest.moves.all()] == ["opened", "closed"]
    assert Shipment.objects.filter(stage="handed_over", manifest=manifest).count() == 6
    assert TrackingEvent.objects.filter(code="handed-over").count() == 6
    assert OrderEvent.objects.filter(kind="handed_over").count() == 6
    mug = Product.objects.get(sku="MUG-1")
    assert (mug.on_hand, mug.reserved) == (50 - 12, 0)


def test_a_scan_while_it_is_closed_is_on_it_or_told(merchant, bob):
    for _ in range(4):
        manifest, parcel = load(merchant, bob, 2), make_packed(merchant, bob)
        said, _ = together(
            lambda parcel=parcel, manifest=manifest: pull(bob, parcel.code, manifest),
            lambda manifest=manifest: sign(manifest, user=bob, now=NOW),
        )
        hand_over_parcels(manifest.pk, now=NOW)
        parcel.refresh_from_db()
        assert (said, parcel.stage) in (("on_manifest", "handed_over"), ("closed", "packed"))


def test_a_cancellation_while_it_is_closed_stays_or_leaves_whole(merchant, bob):
    for _ in range(4):
        manifest = load(merchant, bob, 1)
        parcel = manifest.shipments.get()

        def cancel(parcel=parcel):
            change_status(parcel.order_id, "cancelled", actor="alice", now=NOW)

        together(cancel, lambda manifest=manifest: sign(manifest, user=bob, now=NOW))
        parcel.refresh_from_db()
        assert (parcel.stage, parcel.manifest_id) in (("handed_over", manifest.pk), ("void", None))


def test_two_drains_at_once_never_take_one_webhook_twice(merchant):
    account = CarrierAccount.objects.create(merchant=merchant, provider="easypost", secret="s")
    for n in range(40):
        number = f"EZ{n:04}"
        make_shipment(merchant, tracking_number=number, carrier="DHL")
        scan_of = {"status": "in_transit", "datetime": NOW.isoformat(), "message": "Scan"}
        told = {"object": "Tracker", "tracking_code": number, "carrier": "DHL", "tracking_details": [scan_of]}
        body = json.dumps({"id": f"evt_{n}", "object": "Event", "result": told}).encode()
        inbound.store(account, f"evt_{n}", body, now=NOW)
    taken = together(*[lambda: inbound.drain(now=NOW, limit=7)] * 8)
    assert sum(taken) == 40 and max(taken) == 7
    assert set(InboundWebhook.objects.values_list("state", "attempts")) == {("applied", 1)}
    assert TrackingEvent.objects.count() == 40


def test_eight_scanners_receive_each_scan_once_and_never_more_than_was_ordered(merchant):
    product = make_product(merchant, "CUP", on_hand=0)
    supplier = Supplier.objects.create(merchant=merchant, name="Mill")
    purchase = buy(
        merchant=merchant, supplier=supplier, lines=[Wanted("CUP", 10)], expected_on=NOW.date(), key="k", now=NOW, actor="",
    )  # fmt: skip
    scans = [uuid.uuid4() for _ in range(12)]

    def take(client_id):
        try:
            return receive(purchase.order_id, "CUP", 1, client_id=client_id, actor="", now=NOW).repeated
        except PurchaseError:
            return None  # the ten are there, so the purchase is closed

    said = together(*[lambda: [take(one) for one in scans]] * 8)
    product.refresh_from_db()
    line = purchase.lines.get()
    assert (line.received, product.on_hand) == (10, 10)
    assert sum(answer is False for answers in said for answer in answers) == 10
    assert Order.every.get(pk=purchase.order_id).status == "delivered"
    parcel = Shipment.objects.get(order=purchase.order_id)
    assert parcel.events.filter(status="delivered").count() == 1


def test_two_who_type_the_same_number_follow_one_parcel(merchant):
    make_product(merchant, "CUP", on_hand=0)
    supplier = Supplier.objects.create(merchant=merchant, name="Mill")
    purchase = buy(
        merchant=merchant, supplier=supplier, lines=[Wanted("CUP", 1)], expected_on=NOW.date(), key="k", now=NOW, actor="",
    )  # fmt: skip
    told = together(
        *[
            lambda: sent(
                purchase.order_id, carrier="UPS", number="1Z5R89390357567127", at=NOW, actor="", now=NOW
            )
        ]
        * 6
    )
    assert sum(new for _parcel, new in told) == 1
    assert Shipment.objects.get(order=purchase.order_id).tracking_number == "1Z5R89390357567127"
