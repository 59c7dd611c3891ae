"""What comes in from a supplier: expected, announced, followed, late, asked about, and received."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from notifications.models import Letter
from orders.lifecycle import change_status
from orders.models import Order, OrderEvent, Purchase, Supplier
from orders.purchasing import PurchaseError, Wanted, buy, receive
from orders.suppliers import answered
from shipping.carriers.base import Reading
from shipping.lateness.cases import review
from shipping.models import LateCase, PrintRun, Shipment, Wave
from shipping.tracking.record import record
from shipping.warehouse.coming import NotComing, sent
from tests.factories import NOW, make_product, make_user

pytestmark = pytest.mark.django_db
NUMBER = "1Z5R89390357567127"
DAY = timedelta(days=1)


@pytest.fixture
def purchase(merchant):
    make_product(merchant, on_hand=0)
    supplier = Supplier.objects.create(
        merchant=merchant,
        name="Töpferei Müller 陶器",
        contact="Frau Müller",
        email="mill@supplier.example",
        country="DE",
    )
    return buy(
        merchant=merchant, supplier=supplier, lines=[Wanted("MUG-1", 10, supplier_sku="T-77")],
        expected_on=(NOW + 14 * DAY).date(), key="k", now=NOW, actor="alice", reference="AB-1",
    )  # fmt: skip


def parcel_of(purchase):
    return Shipment.objects.get(order=purchase.order)


def told(merchant, status, at, number=NUMBER):
    reading = Reading(status=status, occurred_at=at, carrier="UPS", tracking_number=number, message=status)
    return record([reading], merchant=merchant, now=at)


def listed(client):
    return client.get(reverse("admin:orders_purchase_changelist")).content.decode()


def test_a_purchase_is_followed_from_the_order_to_the_shelf(client, alice, merchant, purchase):
    client.force_login(alice)
    parcel = parcel_of(purchase)
    assert (parcel.direction, parcel.promised_to) == ("inbound", purchase.expected_on)
    assert parcel.promises.get().source == "merchant"
    Purchase.objects.update(expected_on=timezone.localdate() + 14 * DAY)
    page = reverse("admin:orders_purchase_coming", args=[purchase.pk])
    assert "not sent yet" in client.get(page).content.decode()
    said = client.post(page, {"number": NUMBER.lower(), "carrier": ""}, follow=True).content.decode()
    assert f"{NUMBER} is followed" in said
    parcel.refresh_from_db()
    assert (parcel.tracking_number, parcel.carrier.lower()) == (NUMBER, "ups")
    assert "On its way" in listed(client)
    assert "is known already" in client.post(page, {"number": NUMBER}, follow=True).content.decode()
    assert Shipment.objects.filter(order=purchase.order).count() == 1

    now = timezone.now()
    assert told(merchant, "in_transit", now).moved == 1
    assert told(merchant, "delivered", now + DAY).moved == 1
    purchase.refresh_from_db()
    assert purchase.arrived_at == now + DAY
    assert "To receive" in listed(client)
    assert Order.every.get().status == "shipped"  # nobody has counted it
    for quantity in (4, 6):
        receive(purchase.order_id, "T-77", quantity, client_id=uuid.uuid4(), actor="bob", now=now + 2 * DAY)
    assert Order.every.get().status == "delivered"
    parcel.refresh_from_db()
    assert parcel.delivered_at == now + DAY  # the carrier's word stands


def test_what_is_counted_has_come_though_no_carrier_said_so(purchase):
    receive(purchase.order_id, "MUG-1", 10, client_id=uuid.uuid4(), actor="bob", now=NOW + DAY)
    parcel = parcel_of(purchase)
    assert (parcel.tracking_status, parcel.delivered_at) == ("delivered", NOW + DAY)
    review(now=NOW + 60 * DAY)
    assert not LateCase.objects.exists()


def test_one_of_two_parcels_is_not_all(merchant, purchase):
    for place, number in enumerate((NUMBER, "1Z8V92A70367203024"), 1):
        parcel, new = sent(purchase.order_id, carrier="UPS", number=number, at=NOW, actor="alice", now=NOW)
        assert new and parcel.position == place
    told(merchant, "delivered", NOW + DAY)
    purchase.refresh_from_db()
    assert purchase.arrived_at is None
    told(merchant, "delivered", NOW + 2 * DAY, number="1Z8V92A70367203024")
    purchase.refresh_from_db()
    assert purchase.arrived_at == NOW + 2 * DAY


def test_called_off_with_the_purchase(purchase):
    change_status(purchase.order_id, "cancelled", actor="alice", now=NOW)
    assert parcel_of(purchase).stage == "void"
    with pytest.raises(NotComing):
        sent(purchase.order_id, carrier="UPS", number=NUMBER, at=NOW, actor="", now=NOW)
    review(now=NOW + 60 * DAY)
    assert not LateCase.objects.exists()


@pytest.mark.parametrize(
    ("number", "at"), [("", NOW), ("9" * 61, NOW), (NUMBER, NOW + DAY)], ids=["none", "long", "future"]
)
def test_what_cannot_be_is_said(purchase, number, at):
    with pytest.raises(NotComing):
        sent(purchase.order_id, carrier="UPS", number=number, at=at, actor="", now=NOW)
    assert parcel_of(purchase).handed_over_at is None


def test_a_form_without_a_number_says_so(client, alice, purchase):
    client.force_login(alice)
    page = client.post(reverse("admin:orders_purchase_coming", args=[purchase.pk]), {"number": " "})
    assert "This field is required" in page.content.decode()
    client.post(
        reverse("admin:orders_purchase_coming", args=[purchase.pk]),
        {"number": NUMBER, "sent_on": "2199-01-01"},
    )
    assert parcel_of(purchase).tracking_number == ""


def test_the_supplier_should_have_sent_it_before_it_is_late(purchase):
    parcel = parcel_of(purchase)
    assert NOW < parcel.ship_by < NOW + 13 * DAY
    review(now=parcel.ship_by + timedelta(minutes=1))
    case = LateCase.objects.get()
    assert case.rule == "not_handed_over" and "supplier was to send it" in case.explanation
    sent(
        purchase.order_id, carrier="UPS", number=NUMBER, at=parcel.ship_by, actor="", now=parcel.ship_by + DAY
    )
    review(now=parcel.ship_by + timedelta(hours=25))
    case.refresh_from_db()
    assert case.closed_at or case.rule != "not_handed_over"


def test_no_news_one_step_asks_and_the_answer_moves_the_day(client, alice, merchant, purchase):
    client.force_login(alice)
    review(now=NOW + 20 * DAY)
    case = LateCase.objects.get()
    assert case.rule == "past_promise"
    late = client.get(reverse("admin:shipping_latecase_changelist") + "?state=all").content.decode()
    assert "from Töpferei Müller 陶器" in late and "PO-1001" in late
    page = client.get(reverse("admin:shipping_latecase_change", args=[case.pk])).content.decode()
    assert "Ask the supplier" in page and "Write to the customer" not in page and "Send it again" not in page

    ask = reverse("admin:notifications_letter_ask")
    shown = client.get(f"{ask}?purchases={purchase.pk}")
    for words in ("Dear Frau Müller", "10 × T-77", "AB-1", date_format(purchase.expected_on, "DATE_FORMAT")):
        assert words in shown.content.decode(), words
    assert not Letter.objects.exists()
    form = {name: shown.context[name] for name in ("form_id", "subject", "text")}
    form["purchases"] = purchase.pk
    for _ in range(2):
        client.post(ask, form | {"send": "1"})
    letter = Letter.objects.get()
    assert (letter.notice.recipient, letter.notice.order) == ("mill@supplier.example", None)
    assert "Dear Frau Müller" in letter.text and purchase.words.get().kind == "asked"

    answer = reverse("admin:orders_purchase_answer", args=[purchase.pk])
    assert "has passed" in client.post(answer, {"text": "soon", "expected_on": "2020-01-01"}).content.decode()
    assert "required" in client.post(answer, {"text": ""}).content.decode()
    new_day = timezone.localdate() + 9 * DAY
    kept = client.post(
        answer, {"text": "The kiln broke.", "expected_on": new_day}, follow=True
    ).content.decode()
    assert "The answer is kept" in kept and "The kiln broke." in kept
    purchase.refresh_from_db()
    parcel = parcel_of(purchase)
    assert purchase.expected_on == parcel.promised_to == new_day
    assert parcel.promises.count() == 2 and parcel.first_promised_to == (NOW + 14 * DAY).date()
    assert OrderEvent.objects.filter(order=purchase.order, kind="promise").count() == 2


def test_a_shop_asks_only_its_own_suppliers(client, other, purchase):
    client.force_login(make_user("stranger", other))
    for url in (
        f"{reverse('admin:notifications_letter_ask')}?purchases={purchase.pk}",
        reverse("admin:orders_purchase_answer", args=[purchase.pk]),
        reverse("admin:orders_purchase_coming", args=[purchase.pk]),
    ):
        assert client.get(url).status_code == 404, url


def test_a_supplier_without_an_address_is_named(client, alice, purchase):
    client.force_login(alice)
    Supplier.objects.update(email="")
    page = client.get(f"{reverse('admin:notifications_letter_ask')}?purchases={purchase.pk}").content.decode()
    assert "No e-mail address is known for" in page and "Send 1 letter" not in page


def test_text_with_an_unknown_name_is_not_sent(client, alice, purchase):
    client.force_login(alice)
    ask = reverse("admin:notifications_letter_ask")
    form = {"purchases": purchase.pk, "subject": "a", "text": "{iban}", "form_id": "f", "send": "1"}
    assert "Nothing is known of {iban}" in client.post(ask, form).content.decode()
    assert not Letter.objects.exists()


def test_a_closed_purchase_takes_no_new_day(purchase):
    change_status(purchase.order_id, "cancelled", actor="", now=NOW)
    with pytest.raises(PurchaseError):
        answered(purchase.pk, "sorry", author="", now=NOW, expected_on=(NOW + 30 * DAY).date())


def test_nobody_packs_what_a_supplier_sends(client, alice, purchase):
    client.force_login(alice)
    parcel = parcel_of(purchase)
    for action in ("print_both", "to_wave"):
        client.post(
            reverse("admin:shipping_shipment_changelist"), {"action": action, "_selected_action": [parcel.pk]}
        )
    assert not PrintRun.objects.exists() and not Wave.objects.filter(shipments=parcel).exists()
