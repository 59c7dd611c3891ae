from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from orders.lifecycle import InvalidMove, change_status
from orders.models import Customer, Order, OrderEvent, Product
from orders.place import IncomingLine, Refused, place
from tests.factories import NOW, incoming, make_order, make_product

pytestmark = pytest.mark.django_db


def test_an_order_comes_in_with_customer_stock_parcel_and_ledger(merchant):
    make_product(merchant, "MUG-1", on_hand=1)
    placed = place(incoming(), merchant=merchant, now=NOW)
    order = placed.order
    assert (placed.created, placed.customer_created, placed.products_created, placed.backordered) == (
        True,
        True,
        1,
        1,
    )
    assert (order.number, order.status, order.total) == ("KIO-1001", "pending", Decimal("23.00"))
    assert len(order.public_key) == 22
    assert [(line.sku, line.quantity, line.reserved) for line in order.lines.all()] == [
        ("MUG-1", 2, 1),
        ("TEA-7", 1, 0),
    ]
    assert Product.objects.get(sku="MUG-1").reserved == 1
    shipment = order.shipments.get()
    assert (shipment.recipient_zone, shipment.stage, shipment.lines.count()) == ("Europe/Berlin", "open", 2)
    assert shipment.promised_to >= shipment.promised_from
    assert [event.kind for event in order.events.all()] == ["placed"]


def test_the_same_order_twice_is_one_order(merchant):
    order = incoming()
    first = place(order, merchant=merchant, now=NOW)
    again = place(order, merchant=merchant, now=NOW + timedelta(days=1))
    assert again.order == first.order and not again.created and not again.changed
    assert place(replace(order, note="other"), merchant=merchant, now=NOW).changed
    assert (Order.objects.count(), OrderEvent.objects.count()) == (1, 1)


def test_two_merchants_may_have_the_same_external_id(merchant, other):
    order = incoming()
    assert place(order, merchant=merchant, now=NOW).created
    assert place(order, merchant=other, now=NOW).created


def test_a_customer_is_found_by_email_whatever_its_case(merchant):
    make_order(merchant)
    make_order(merchant, email="ADA@example.com")
    make_order(merchant, email="", phone="+49 89 1234567")
    make_order(merchant, email="", phone="089 1234567")
    assert Customer.objects.count() == 2


def test_every_problem_is_named_at_once_and_nothing_is_stored(merchant):
    bad = incoming(
        email="nope",
        phone="12",
        address={"country": "Germany", "city": ""},
        lines=(IncomingLine("", 0, "x" * 301),),
    )
    with pytest.raises(Refused) as refused:
        place(bad, merchant=merchant, now=NOW)
    assert {problem.field for problem in refused.value.problems} == {
        "email", "phone", "country", "city", "sku", "quantity", "product_name",
    }  # fmt: skip
    assert not Order.objects.exists() and not Customer.objects.exists() and not Product.objects.exists()


def test_an_order_without_lines_is_refused(merchant):
    with pytest.raises(Refused, match="no lines"):
        place(incoming(lines=()), merchant=merchant, now=NOW)


def test_an_order_of_500_lines_and_a_200_character_name_comes_in(merchant, django_assert_max_num_queries):
    lines = tuple(IncomingLine(f"SKU-{n}", 1, "Thing") for n in range(500))
    with django_assert_max_num_queries(40):  # SQLite takes a bulk insert in batches
        placed = place(incoming(lines=lines, address={"name": "N" * 200}), merchant=merchant, now=NOW)
    assert placed.order.lines.count() == 500


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\u2028b"])
def test_characters_no_database_or_page_can_hold_are_dropped(merchant, text):
    order = make_order(merchant, address={"name": text}, gift_message=text)
    assert order.ship_to.name in ("ab", "a b")


def test_cancelling_gives_stock_back_and_calls_the_parcel_off(merchant):
    product = make_product(merchant, "MUG-1", on_hand=5)
    order = make_order(merchant)
    change_status(order.pk, "cancelled", actor="alice", now=NOW)
    product.refresh_from_db()
    assert (product.reserved, order.shipments.get().stage) == (0, "void")


def test_the_strict_door_refuses_in_the_users_words(merchant):
    order = make_order(merchant)
    change_status(order.pk, "cancelled", actor="alice", now=NOW)
    with pytest.raises(InvalidMove, match=r"KIO-1001 is cancelled; it cannot become shipped\."):
        change_status(order.pk, "shipped", actor="alice", now=NOW)


def test_the_merchants_own_number_must_be_free(merchant):
    make_order(merchant, number="KIO-1002")
    assert make_order(merchant).number == "KIO-1001"
    assert make_order(merchant).number == "KIO-1003"
    with pytest.raises(Refused, match="taken"):
        make_order(merchant, number="KIO-1001")
