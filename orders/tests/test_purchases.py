import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.incoming import Refused
from orders.models import Order, OrderEvent, Purchase, ShippingAddress, Supplier
from orders.place import IncomingLine
from orders.purchasing import MoreThanOrdered, PurchaseError, Wanted, buy, receive
from orders.roles import Role
from tests.factories import NOW, make_order, make_product, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier(merchant):
    return Supplier.objects.create(merchant=merchant, name="Töpferei Müller", email="hello@mill.example")


@pytest.fixture
def mug(merchant):
    return make_product(merchant, on_hand=0, gtin="4006381333931")


@pytest.fixture
def purchase(merchant, supplier, mug):
    return bought(merchant, supplier)


def bought(merchant, supplier, quantity=10, key="k", **changes):
    said = {"lines": [Wanted("MUG-1", quantity)], "expected_on": NOW.date(), "now": NOW, "actor": "alice"}
    return buy(merchant=merchant, supplier=supplier, key=key, **(said | changes))


def scan(client, purchase, code="MUG-1", quantity=1, client_id=None, **more):
    page = reverse("admin:orders_purchase_receive", args=[purchase.pk])
    said = {"code": code, "quantity": quantity, "client_id": client_id or uuid.uuid4()} | more
    return client.post(page, said, follow=True).content.decode()


def figures(purchase):
    line = purchase.lines.get()
    line.product.refresh_from_db()
    return line.received, line.damaged, line.product.on_hand


def status(purchase):
    return Order.every.get(pk=purchase.order_id).status


def test_a_purchase_from_the_form_to_the_shelf(client, alice, supplier, mug):
    client.force_login(alice)
    page = reverse("admin:orders_purchase_add")
    shown = client.get(page)
    key = shown.context["form"].initial["key"]
    form = {
        "supplier": supplier.pk, "expected_on": timezone.localdate() + timedelta(days=5), "key": key,
        "form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 0, "form-0-sku": "MUG-1", "form-0-quantity": 3,
    }  # fmt: skip
    assert "PO-1001 is written down" in client.post(page, form, follow=True).content.decode()
    client.post(page, form)
    purchase = Purchase.objects.get()  # the form sent twice is one purchase
    assert "0 of 3" in client.get(reverse("admin:orders_purchase_changelist")).content.decode()
    assert "1 of 3 received" in scan(client, purchase, code="4006381333931")
    assert status(purchase) == "pending"
    assert "Partly received" in client.get(reverse("admin:orders_purchase_changelist")).content.decode()
    scan(client, purchase, quantity=2)
    assert figures(purchase) == (3, 0, 3) and status(purchase) == "delivered"
    assert mug.moves.filter(kind="received", reference="PO-1001").count() == 2
    told = client.get(reverse("admin:orders_purchase_change", args=[purchase.pk])).content.decode()
    assert "Goods received" in told and "2 × MUG-1" in told


def test_the_same_scan_twice_is_one(client, bob, purchase):
    client.force_login(bob)
    once = uuid.uuid4()
    scan(client, purchase, client_id=once, quantity=4)
    assert "Already counted" in scan(client, purchase, client_id=once, quantity=4)
    assert figures(purchase) == (4, 0, 4)


def test_more_than_ordered_is_asked_for_and_recorded(client, bob, purchase):
    client.force_login(bob)
    assert "10 still expected, 12 scanned" in scan(client, purchase, quantity=12)
    assert figures(purchase) == (0, 0, 0)
    scan(client, purchase, quantity=12, over="on")
    assert figures(purchase) == (12, 0, 12)
    assert OrderEvent.objects.get(order=purchase.order_id, kind="received").old == "2 over"


def test_damaged_pieces_do_not_enter_stock_and_are_still_owed(client, bob, purchase):
    client.force_login(bob)
    scan(client, purchase, quantity=3, damaged="on")
    scan(client, purchase, quantity=7)
    assert figures(purchase) == (7, 3, 7) and status(purchase) == "pending"
    client.post(reverse("admin:orders_purchase_receive", args=[purchase.pk]), {"finish": "1"})
    assert status(purchase) == "delivered"
    assert "is closed" in scan(client, purchase)
    assert figures(purchase) == (7, 3, 7)


def test_what_comes_in_goes_to_the_orders_that_wait(client, bob, merchant, purchase):
    line = make_order(merchant, lines=(IncomingLine("MUG-1", 4),)).lines.get()
    assert line.reserved == 0
    client.force_login(bob)
    scan(client, purchase, quantity=3)
    line.refresh_from_db()
    assert line.reserved == 3


def test_a_wrong_code_says_what_to_do_and_changes_nothing(client, bob, purchase):
    client.force_login(bob)
    assert "Scan a product of this purchase" in scan(client, purchase, code="NOPE")
    assert figures(purchase) == (0, 0, 0)


def test_a_cancelled_purchase_takes_nothing(client, alice, purchase):
    client.force_login(alice)
    page = reverse("admin:orders_purchase_changelist")
    client.post(page, {"action": "cancel", "_selected_action": [purchase.pk]})
    assert status(purchase) == "cancelled"
    scan(client, purchase)
    assert figures(purchase) == (0, 0, 0)


def test_late_partly_and_cancelled_are_filters(client, alice, purchase):
    client.force_login(alice)  # expected in the past by the wall clock
    page = reverse("admin:orders_purchase_changelist")
    assert "pill-past_promise" in client.get(page).content.decode()
    for value, found in [
        ("late", 1),
        ("ordered", 0),
        ("partly", 0),
        ("on_its_way", 0),
        ("to_receive", 0),
        ("received", 0),
        ("cancelled", 0),
    ]:
        assert client.get(page, {"status": value}).context["cl"].result_count == found, value
    for term in ("PO-1001", "Töpferei", "MUG-1"):
        assert client.get(page, {"q": term}).context["cl"].result_count == 1, term


def test_customers_never_meet_a_purchase(client, alice, purchase):
    assert client.get(f"/t/{purchase.order.public_key}/").status_code == 404
    ShippingAddress.objects.filter(order=purchase.order).update(postal_code="80331")
    sale = make_order(purchase.order.merchant)
    answers = {
        number: Client().post("/track/", {"number": number, "proof": "80331"})
        for number in (sale.number, "PO-1001", "PO-NONE")
    }
    assert answers[sale.number].status_code == 303  # so the question is right
    assert answers["PO-1001"].status_code == answers["PO-NONE"].status_code == 404
    assert answers["PO-1001"].content.replace(b"PO-1001", b"PO-NONE") == answers["PO-NONE"].content
    assert not Order.objects.filter(pk=purchase.order_id).exists()
    assert not alice.memberships.get().merchant.customers.exclude(pk=sale.customer_id).exists()


def test_no_notice_and_no_outgoing_parcel_is_made_of_a_purchase(client, bob, merchant, purchase):
    client.force_login(bob)
    scan(client, purchase, quantity=10)
    assert status(purchase) == "delivered"
    assert not merchant.notices.exists()
    assert not merchant.shipments.exclude(direction="inbound").exists()


def test_what_is_wrong_with_a_purchase_is_told_at_once(merchant, other, supplier, mug):
    with pytest.raises(Refused) as refused:
        bought(
            merchant, supplier, lines=[Wanted("MUG-1", 0), Wanted("NOPE", 1)],
            expected_on=NOW.date() - timedelta(days=1),
        )  # fmt: skip
    assert {p.field for p in refused.value.problems} == {"quantity", "sku", "expected_on"}
    with pytest.raises(Refused):
        bought(other, supplier)
    assert not Order.every.exists()


def test_a_sale_is_no_purchase_to_receive(merchant, mug):
    order = make_order(merchant)
    with pytest.raises(PurchaseError):
        receive(order.pk, "MUG-1", 1, client_id=uuid.uuid4(), actor="", now=NOW)


def test_the_door_asks_before_it_takes_more(purchase):
    with pytest.raises(MoreThanOrdered):
        receive(purchase.order_id, "MUG-1", 11, client_id=uuid.uuid4(), actor="", now=NOW)


@pytest.mark.parametrize(
    ("before", "damaged", "asked"),
    [(0, 500, True), (0, 11, True), (0, 10, False), (7, 4, True), (7, 3, False)],
)
def test_more_damaged_pieces_than_are_out_are_asked_back(purchase, before, damaged, asked):
    def came(quantity, **how):
        return receive(purchase.order_id, "MUG-1", quantity, client_id=uuid.uuid4(), actor="", now=NOW, **how)

    if before:
        came(before)
    if asked:
        with pytest.raises(MoreThanOrdered):
            came(damaged, damaged=True)
    assert came(damaged, damaged=True, over=asked).line.damaged == damaged
    event = purchase.order.events.filter(kind="received").order_by("-pk").first()
    assert event.old == (f"damaged, {damaged + before - 10} over" if asked else "damaged")
    with pytest.raises(MoreThanOrdered):  # damaged pieces come in instalments as well
        came(11 - before, damaged=True)
    if not before:
        assert came(10).line.received == 10  # good ones in their place are still owed


def test_walls(client, charlie, merchant, purchase):
    client.force_login(charlie)
    page = reverse("admin:orders_purchase_receive", args=[purchase.pk])
    assert client.get(page).status_code == 404
    client.force_login(make_user("vera", merchant, Role.VIEWER))
    assert client.post(page, {"finish": "1"}).status_code == 403
    assert status(purchase) == "pending"
    assert client.get(reverse("admin:orders_purchase_add")).status_code == 403
