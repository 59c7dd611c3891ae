"""A line that a supplier sends straight to the customer: its own parcel of the same order, out of the warehouse's sight,
asked for in one step, followed, promised and judged late like any other."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from notifications.digest import digest_of
from notifications.models import Letter, Notice
from orders.models import Order, OrderLine, Product, Supplier
from orders.place import IncomingLine
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import LateCase, PrintRun, Shipment
from shipping.scorecard.rollup import refresh
from shipping.station.counts import counts
from shipping.tracking.record import record
from shipping.warehouse.coming import NotComing, dropped
from shipping.warehouse.reship import reship
from shipping.warehouse.scanning import PACK, scan
from shipping.warehouse.waves import WaveError, make_wave
from tests.factories import NOW, make_order, make_product, make_user

pytestmark = pytest.mark.django_db
NUMBER = "1Z5R89390357567127"


@pytest.fixture
def supplier(merchant):
    return Supplier.objects.create(
        merchant=merchant, name="Cerâmica do Vale", contact="João", email="joao@vale.example", country="PT"
    )


@pytest.fixture
def order(merchant, supplier):
    make_product(merchant)
    make_product(merchant, sku="SOFA", name="Sofa, very long", track_stock=False, dropship_supplier=supplier)
    lines = (IncomingLine("MUG-1", 2, "Mug"), IncomingLine("SOFA", 1, "Sofa, very long"))
    return make_order(merchant, lines=lines)


def parcels(order):
    own, theirs = Shipment.objects.filter(order=order).order_by("position")
    return own, theirs


def test_one_order_two_parcels_and_the_customer_sees_one_order(client, order, supplier, merchant):
    own, theirs = parcels(order)
    assert (own.supplier, theirs.supplier) == (None, supplier)
    assert [[row.order_line.sku for row in parcel.lines.all()] for parcel in (own, theirs)] == [
        ["MUG-1"],
        ["SOFA"],
    ]
    assert list(OrderLine.objects.order_by("position").values_list("supplier", flat=True)) == [
        None,
        supplier.pk,
    ]
    assert theirs.promised_to > own.promised_to  # it crosses a border
    page = client.get(f"/t/{order.public_key}/").content.decode()
    assert "Parcel 1 of 2" in page and "Parcel 2 of 2" in page and "Vale" not in page


def test_the_warehouse_never_meets_it(client, alice, bob, merchant, order):
    own, theirs = parcels(order)
    with pytest.raises(WaveError):
        make_wave(merchant=merchant, user=bob, shipment_ids=[theirs.pk], now=NOW)
    judged = scan(user=bob, code=theirs.code, mode=PACK, client_id=uuid.uuid4(), now=NOW)
    assert judged.outcome == "unknown"
    assert counts(type(merchant).objects.filter(pk=merchant.pk), NOW)["to_pack"] == 1
    client.force_login(alice)
    client.post(
        reverse("admin:orders_order_changelist"), {"action": "print_both", "_selected_action": [order.pk]}
    )
    run = PrintRun.objects.get()
    assert list(run.items.values_list("shipment", flat=True)) == [own.pk]
    listed = reverse("admin:shipping_shipment_changelist")
    for sender, found in [("shop", own), ("supplier", theirs), ("ask", theirs)]:
        assert list(client.get(listed, {"sender": sender}).context["cl"].queryset) == [found]
    client.post(listed, {"action": "print_slips", "_selected_action": [theirs.pk]})
    assert PrintRun.objects.count() == 1


def test_asked_for_sent_and_delivered(client, alice, merchant, order):
    client.force_login(alice)
    own, theirs = parcels(order)
    page = reverse("admin:shipping_shipment_supplier", args=[theirs.pk])
    shown = client.get(page).content.decode()
    assert "not yet" in shown and "Ask the supplier to send it" in shown
    listed = reverse("admin:shipping_shipment_changelist")
    to_ask = client.post(listed, {"action": "ask_suppliers", "_selected_action": [own.pk, theirs.pk]})
    assert to_ask["Location"].endswith(f"?parcels={theirs.pk}")
    letter = client.get(to_ask["Location"])
    for words in (
        "Dear João",
        "1 × SOFA  Sofa, very long",
        order.ship_to.name,
        order.ship_to.line1,
        f"{order.number}-2",
    ):
        assert words in letter.content.decode(), words
    form = {name: letter.context[name] for name in ("form_id", "subject", "text")} | {"parcels": theirs.pk}
    for _ in range(2):
        client.post(reverse("admin:notifications_letter_drop"), form | {"send": "1"})
    assert Letter.objects.get().notice.recipient == "joao@vale.example"
    theirs.refresh_from_db()
    assert theirs.supplier_told_at
    assert "Ask again" in client.get(page).content.decode()

    assert "is followed from now on" in client.post(page, {"number": NUMBER}, follow=True).content.decode()
    assert "told already" in client.post(page, {"number": NUMBER}, follow=True).content.decode()
    assert "was sent as" in client.post(page, {"number": "1Z8V92A70367203024"}, follow=True).content.decode()
    theirs.refresh_from_db()
    assert (theirs.stage, theirs.tracking_number) == ("handed_over", NUMBER)
    assert OrderLine.objects.get(sku="SOFA").shipped == 1
    assert Order.objects.get().status == "processing"
    now = timezone.now()
    for status in ("in_transit", "delivered"):
        record([Reading(status, now, tracking_number=NUMBER, carrier="UPS")], merchant=merchant, now=now)
    assert Order.objects.get().status == "shipped"  # the shop's own parcel is still to come
    assert Notice.objects.filter(order=order, subject=theirs.subject, milestone="delivered").exists()


def test_late_is_the_suppliers(client, alice, order):
    _own, theirs = parcels(order)
    review(now=theirs.ship_by.replace(year=theirs.ship_by.year + 1))
    case = LateCase.objects.get(shipment=theirs)
    said = [case.explanation, *(one["explanation"] for one in case.also)]
    assert any("supplier was to send it" in words for words in said), said
    client.force_login(alice)
    page = client.get(reverse("admin:shipping_latecase_change", args=[case.pk])).content.decode()
    assert "Ask the supplier" in page and "Write to the customer" in page
    assert "The supplier’s processing" in page and "Our own processing" not in page


def test_its_late_days_are_the_suppliers_in_mail_and_figures(client, alice, merchant, order):
    _own, theirs = parcels(order)
    then = theirs.ship_by + timedelta(days=40)
    review(now=then, shipments=[theirs.pk])
    said = digest_of(merchant, since=NOW, now=then)
    assert [name for name, _days in said.blame] == ["The supplier’s processing"]

    dropped(theirs.pk, carrier="UPS", number=NUMBER, at=then, actor="", now=then)
    record([Reading("delivered", then, tracking_number=NUMBER, carrier="UPS")], merchant=merchant, now=then)
    refresh()
    client.force_login(alice)
    day = then.astimezone(merchant.tz).date().isoformat()
    page = client.get(reverse("admin:shipping_dailyfigure_changelist"), {"from": day, "to": day})
    marks = {mark.name: mark for mark in page.context["blame"].marks}
    assert marks["The supplier’s processing"].width > 0 and marks["Our own processing"].width == 0
    assert client.get(marks["The supplier’s processing"].url).context["cl"].result_count == 1
    assert client.get(marks["Our own processing"].url).context["cl"].result_count == 0


def test_sent_again_it_is_the_suppliers_again(order, supplier):
    _own, theirs = parcels(order)
    dropped(theirs.pk, carrier="UPS", number=NUMBER, at=NOW, actor="", now=NOW)
    new, missing = reship(theirs.pk, now=NOW)
    assert (new.supplier, missing) == (supplier, 0)


@pytest.mark.parametrize("number", ["", "9" * 61])
def test_without_a_number_it_has_not_been_sent(order, number):
    _own, theirs = parcels(order)
    with pytest.raises(NotComing):
        dropped(theirs.pk, carrier="", number=number, at=NOW, actor="", now=NOW)


def test_the_shops_own_parcel_is_packed_not_told(order):
    own, _theirs = parcels(order)
    with pytest.raises(NotComing, match="pack it"):
        dropped(own.pk, carrier="UPS", number=NUMBER, at=NOW, actor="", now=NOW)


def test_what_a_supplier_sends_is_not_counted(client, alice, merchant, supplier, other):
    product = make_product(merchant, sku="CHAIR")
    client.force_login(alice)
    page = reverse("admin:orders_product_change", args=[product.pk])
    form = client.get(page).context["adminform"].form
    said = {name: value for name in form.fields if (value := form.initial.get(name)) is not None}
    said |= {"dropship_supplier": supplier.pk}
    said |= {f"moves-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    assert "untick" in client.post(page, said | {"track_stock": "on"}).content.decode()
    client.post(page, {name: value for name, value in said.items() if name != "track_stock"})
    assert Product.objects.get(pk=product.pk).dropship_supplier == supplier
    stranger = Product(merchant=other, sku="X", name="X", track_stock=False, dropship_supplier=supplier)
    with pytest.raises(ValidationError, match="another shop"):
        stranger.full_clean()


def test_only_its_own_shop_sees_it(client, other, order):
    client.force_login(make_user("stranger", other))
    _own, theirs = parcels(order)
    for url in (
        reverse("admin:shipping_shipment_supplier", args=[theirs.pk]),
        f"{reverse('admin:notifications_letter_drop')}?parcels={theirs.pk}",
    ):
        assert client.get(url).status_code == 404
