"""Each message can be switched on by SMS; the chattier ones are off until a shop does."""

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse

from notifications import delivery, wishes
from notifications.models import Notice, NoticeSettings
from notifications.status import Milestone
from orders.lifecycle import change_status
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.models import CustomerReport, Rating
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment

OFF = {"confirmed", "processing", "packed", "cancelled", "returned", "rating_request"}


@pytest.fixture
def shop(merchant):
    Merchant.objects.update(notify_sms=True)
    merchant.refresh_from_db()
    return merchant


def texts():
    return list(Notice.objects.filter(channel="sms").order_by("pk").values_list("milestone", flat=True))


def live_through(shop):
    order = make_order(shop)
    for status in ("processing", "cancelled"):
        change_status(order.pk, status, actor="alice", now=NOW)
    parcel = make_shipment(shop, carrier="DHL", tracking_number="JD1")
    for status in ("in_transit", "delivered", "returned"):
        record([Reading(status, NOW, shipment_id=parcel.pk)], merchant=shop, now=NOW)


def test_what_is_off_at_first(shop):
    live_through(shop)
    assert texts() == ["shipped", "delivered"]
    assert set(Milestone.values) - {one.value for one in wishes.offered(shop, "sms")} == OFF


def test_a_shop_can_switch_all_of_them_on(shop, settings):
    NoticeSettings.objects.create(merchant=shop, off=[], quiet_sms=False, per_person_a_day=None)
    live_through(shop)
    assert set(texts()) == {
        "confirmed", "processing", "cancelled", "shipped", "delivered", "rating_request", "returned",
    }  # fmt: skip
    while delivery.drain(clock=lambda: NOW):
        pass
    assert "Kiosk: We have your order" in (settings.MAIL_DIR / "sms.jsonl").read_text()


def test_staff_and_customers_are_offered_them(shop, client, alice):
    client.force_login(alice)
    page = client.get(reverse("admin:notifications_noticesettings_add")).content.decode()
    for milestone in Milestone.values:
        assert page.count(f'value="{milestone}"') == 2
    NoticeSettings.objects.create(merchant=shop, off=[])
    assert [one.value for one in wishes.offered(Merchant.objects.get(), "sms")] == Milestone.values


def test_a_shop_that_had_chosen_tells_no_more_than_before(shop):
    row = NoticeSettings.objects.create(merchant=shop, off=[["shipped", "sms"], ["packed", "email"]])
    import_module("notifications.migrations.0010_all_by_sms").off_at_first(apps, None)
    row.refresh_from_db()
    assert {one for one, way in row.off if way == "sms"} == OFF | {"shipped"}
    assert ["packed", "email"] in row.off and len(row.off) == len(OFF) + 2


@pytest.mark.parametrize(
    ("answer", "words"), [("rated", "rated the delivery"), ("not_arrived", "has not arrived")]
)
def test_a_customer_who_has_answered_is_not_asked(shop, answer, words):
    NoticeSettings.objects.create(merchant=shop, off=[])
    parcel = make_shipment(shop, carrier="DHL", tracking_number="JD1")
    other = make_shipment(shop, carrier="DHL", tracking_number="JD2", email="bob@example.com")
    for one in (parcel, other):
        record([Reading("delivered", NOW, shipment_id=one.pk)], merchant=shop, now=NOW)
    if answer == "rated":
        Rating.objects.create(
            merchant=shop, shipment=parcel, score=5, destination="DE", created_at=NOW, changed_at=NOW
        )
    else:
        CustomerReport.objects.create(merchant=shop, shipment=parcel, kind=answer, tier=1, created_at=NOW)
    asks = Notice.objects.filter(milestone="rating_request", channel="email")
    for notice in asks:
        delivery.deliver(notice.pk, clock=lambda at=notice.due_at: at)
    asked, spared = asks.get(subject=other.subject), asks.get(subject=parcel.subject)
    assert asked.state == "sent"
    assert spared.state == "skipped" and words in spared.error
    assert spared.attempts.get().detail == spared.error
