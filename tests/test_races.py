"""Several workers at once, on a database that lets them: PostgreSQL (make test-services)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from notifications import delivery
from notifications.models import Attempt, Notice
from orders.models import Customer, Order, OrderEvent, Product
from orders.place import IncomingLine, place
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import LateCase, Shipment, TrackingEvent
from shipping.tracking.record import record
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
        assert order.notices.filter(milestone="delivered").count() == 1


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
