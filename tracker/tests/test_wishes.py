"""The customer's own page for messages: what is kept, what is too often, and in which language the shop speaks."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from notifications import wishes
from notifications.models import Consent
from orders.models import Customer, Order
from tests.factories import NOW, make_order
from tracker.tests.test_tracking_page import url, words
from tracker.views import wishes as views

pytestmark = pytest.mark.django_db
SAVED, OFTEN = "Your choice is saved.", "Too many tries."


@pytest.fixture(autouse=True)
def _wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def order(merchant):
    return make_order(merchant, locale="en")


def path(order, channel="email", what="wishes"):
    address = order.email if channel == "email" else str(order.phone)
    return reverse(what, args=[wishes.sign(order, channel, address)])


def test_what_comes_too_often_is_not_called_saved(client, order, monkeypatch):
    monkeypatch.setattr(views, "PER_ADDRESS", 1)
    assert SAVED in words(client.post(path(order), {"milestone": ["shipped", "delivered"]}, follow=True))
    refused = client.post(path(order) + "?saved=1", {"milestone": ["shipped"]})
    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    assert OFTEN in words(refused) and SAVED not in words(refused)
    assert re.findall(r'value="(\w+)" checked', refused.content.decode()) == ["shipped"], "as it was ticked"
    assert sorted(wishes.chosen(order.merchant, "email", order.email)) == ["delivered", "shipped"]
    assert Consent.objects.count() == 1


def test_to_stop_messages_is_never_too_often(client, order, monkeypatch):
    monkeypatch.setattr(views, "PER_ADDRESS", 0)
    assert client.post(path(order, what="unsubscribe")).status_code == 303
    assert wishes.chosen(order.merchant, "email", order.email) == []


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_language_of_mails_messages_and_pages_is_the_customers_choice(
    client, order, other, merchant, channel
):
    theirs = make_order(other, locale="en")
    stranger = make_order(merchant, locale="en", email="eve@example.com", phone="+49 30 5550123")
    old = make_order(
        merchant, locale="en", placed_at=NOW - timedelta(days=300), now=NOW - timedelta(days=300)
    )
    answer = client.post(path(order, channel, "wishes-language"), {"locale": "ja"})
    assert answer["Location"] == f"{path(order, channel)}?saved=1&lang=ja"
    order.refresh_from_db()
    assert (order.locale, Customer.objects.get(pk=order.customer_id).locale) == ("ja", "ja")
    assert {Order.objects.get(pk=one.pk).locale for one in (theirs, stranger, old)} == {"en"}
    assert client.get(url(order))["Content-Language"] == "ja"
    address = order.email if channel == "email" else str(order.phone)
    before = wishes.sign(Order(merchant=merchant, locale="en"), channel, address)
    page = client.get(reverse("wishes", args=[before]))
    assert page["Content-Language"] == "ja", "a link in an old mail opens in the new language"
    assert '<option value="ja" lang="ja" selected>日本語' in page.content.decode()


def test_an_order_that_says_nothing_any_more_is_not_called_saved(client, order):
    Order.objects.update(placed_at=NOW - timedelta(days=200))
    answer = client.post(path(order, what="wishes-language"), {"locale": "ja"})
    assert answer["Location"] == f"{path(order)}?lang=ja" and Order.objects.get().locale == "en"


@pytest.mark.parametrize("locale", ["", "xx", "de-AT", "<b>"])
def test_a_language_we_do_not_speak_changes_nothing(client, order, locale):
    answer = client.post(path(order, what="wishes-language"), {"locale": locale})
    assert "saved" not in answer["Location"] and Order.objects.get().locale == "en"


def test_no_language_is_kept_too_often_by_a_look_or_by_a_stranger(client, order, monkeypatch):
    there = path(order, what="wishes-language")
    assert client.get(there).status_code == 405
    assert client.post(there.replace("language", "x") + "/", {"locale": "ja"}).status_code == 404
    monkeypatch.setattr(views, "PER_ADDRESS", 0)
    assert client.post(there, {"locale": "ja"}).status_code == 429
    assert Order.objects.get().locale == "en"


def test_staff_see_and_change_the_language_of_an_order(client, order, alice):
    Order.objects.update(locale="de-AT")
    client.force_login(alice)
    there = f"/admin/orders/order/{order.pk}/change/"
    page = client.get(there).content.decode()
    assert '<option value="de-AT" selected>de-AT' in page and '<option value="ja">日本語' in page
    hidden = dict(re.findall(r'name="([\w-]+(?:TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS)" value="(\d+)"', page))
    for locale, kept in (("ja", "ja"), ("xx", "ja")):
        client.post(there, hidden | {"locale": locale, "gift_message": "", "note": ""})
        assert Order.objects.get().locale == kept
