"""A shop's own words: written, looked at, tried, used; nothing in them can do more than be filled in."""

import email
from email import policy

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from notifications import delivery
from notifications.models import Notice, NoticeText
from notifications.own import NAMES, filled, unknown
from orders.models import Merchant
from shipping.carriers.base import Reading
from shipping.tracking.record import record
from tests.factories import NOW, make_order, make_shipment


@pytest.fixture(autouse=True)
def _folder(settings):
    settings.EMAIL_BACKEND = "notifications.channels.folder.FolderBackend"


@pytest.fixture
def parcel(merchant):
    return make_shipment(merchant, carrier="DHL", tracking_number="JD1")


def mails(settings):
    files = sorted(settings.MAIL_DIR.glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def shipped(parcel, settings):
    record([Reading("in_transit", NOW, shipment_id=parcel.pk)], merchant=parcel.merchant, now=NOW)
    for notice in Notice.objects.filter(milestone="shipped"):
        delivery.deliver(notice.pk, clock=lambda notice=notice: notice.due_at)
    return mails(settings)[-1] if mails(settings) else None


def text(merchant, **more):
    return NoticeText.objects.create(
        merchant=merchant, **{"milestone": "shipped", "channel": "email", "body": "x", "on": True} | more
    )


@given(st.text(), st.dictionaries(st.sampled_from(sorted(NAMES)), st.text()))
def test_any_text_is_filled_in_and_nothing_else_happens(body, values):
    out = filled(body, values)
    if "{" not in body:
        assert out == body
    assert filled("{name}", {"name": "{link}", "link": "x"}) == "{link}", (
        "what is filled in is not read again"
    )


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("Hello {name}", []),
        ("{order.merchant.secret}", ["order.merchant.secret"]),
        ("{0}", ["0"]),
        ("{}", [""]),
        ("{name", ["{"]),
        ("{{name}}", ["{"]),
        ("{% load x %}", ["% load x %"]),
    ],
)
def test_what_is_not_known_is_named(body, wrong):
    assert unknown(body) == wrong


class TestUse:
    def test_a_mail_in_the_shops_words(self, parcel, settings):
        text(
            parcel.merchant,
            subject="{order}: off it goes",
            body="Dear {name},\n\n{carrier} has it: {number}.\n<b>{link}</b>",
        )
        parcel.order.ship_to.name = "{link} & Söhne"
        parcel.order.ship_to.save()
        mail = shipped(parcel, settings)
        assert mail["Subject"] == f"{parcel.order.number}: off it goes"
        plain, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
        assert (
            "Dear {link} & Söhne," in plain and "DHL has it: JD1." in plain and "moving through" not in plain
        )
        assert "&lt;b&gt;" in html and "&amp; Söhne" in html and "Hello" not in html

    @pytest.mark.parametrize("other", [{"on": False}, {"language": "de"}, {"milestone": "delivered"}])
    def test_only_in_its_place_and_when_switched_on(self, parcel, settings, other):
        text(parcel.merchant, body="OWN", **other)
        assert "OWN" not in shipped(parcel, settings).get_body(["plain"]).get_content()

    def test_another_shops_words_are_not_ours(self, parcel, other, settings):
        text(other, body="THEIRS")
        assert "THEIRS" not in shipped(parcel, settings).get_body(["plain"]).get_content()

    def test_a_german_customer_reads_the_german_one(self, parcel, settings):
        text(parcel.merchant, body="ENGLISH")
        text(parcel.merchant, body="{headline}: DEUTSCH", language="de")
        parcel.order.locale = "de-AT"
        parcel.order.save()
        assert "Unterwegs: DEUTSCH" in shipped(parcel, settings).get_body(["plain"]).get_content()

    def test_an_own_sms_is_counted_as_it_is_sent(self, parcel, settings):
        Merchant.objects.update(notify_sms=True)
        text(parcel.merchant, channel="sms", body="{shop} " + "a" * 200)
        shipped(parcel, settings)
        assert Notice.objects.get(channel="sms").segments == 2
        assert "Kiosk aaaa" in (settings.MAIL_DIR / "sms.jsonl").read_text()


class TestAdmin:
    FORM = {
        "milestone": "shipped",
        "channel": "email",
        "language": "en",
        "subject": "",
        "body": "Hello {name}",
    }

    def add(self, client, merchant, **more):
        url = reverse("admin:notifications_noticetext_add")
        return client.post(url, {"merchant": merchant.pk, **self.FORM, **more})

    def test_wrong_names_are_refused_in_words(self, client, alice, merchant):
        client.force_login(alice)
        page = self.add(client, merchant, body="{nmae}").content.decode()
        assert "“nmae” is not known. What is filled in: {name}, {order}" in page
        assert not NoticeText.objects.exists()
        assert self.add(client, merchant).status_code == 302
        assert b"already exists" in self.add(client, merchant).content

    def test_preview_on_a_real_order_and_a_try(self, client, alice, merchant, settings):
        client.force_login(alice)
        order = make_order(merchant)
        row = text(merchant, body="Dear {name}, {order}", on=False)
        url = reverse("admin:notifications_noticetext_preview", args=[row.pk])
        for query in ({}, {"order": order.number.lower()}):
            assert f"Dear Ada Lovelace, {order.number}" in client.get(url, query).content.decode()
        assert "You have no order NO-1" in client.get(url, {"order": "NO-1"}).content.decode()
        assert mails(settings) == [], "a look sends nothing"
        said = client.post(url + f"?order={order.number}", follow=True).content.decode()
        if alice.email:
            assert "Sent to" in said and mails(settings)[0]["To"] == alice.email
        else:
            assert "your account has no e-mail address" in said
            alice.email = "alice@kiosk.example"
            alice.save()
            assert "Sent to alice@kiosk.example" in client.post(url, follow=True).content.decode()
            assert mails(settings)[0]["To"] == "alice@kiosk.example"
        assert Notice.objects.filter(milestone="shipped").count() == 0

    def test_nothing_to_show_it_on(self, client, alice, merchant):
        client.force_login(alice)
        url = reverse("admin:notifications_noticetext_preview", args=[text(merchant).pk])
        assert "There is no order yet" in client.get(url).content.decode()
        assert client.post(url).status_code == 200

    def test_another_shops_order_is_not_shown(self, client, alice, merchant, other):
        client.force_login(alice)
        foreign = make_order(other)
        Merchant.objects.filter(pk=other.pk).update(name="Foreign")
        url = reverse("admin:notifications_noticetext_preview", args=[text(merchant).pk])
        foreign.number = "OTHER-1"
        foreign.save()
        assert "You have no order OTHER-1" in client.get(url, {"order": "OTHER-1"}).content.decode()

    def test_the_packer_does_not_write_texts(self, client, bob, merchant):
        client.force_login(bob)
        assert self.add(client, merchant).status_code == 403
        assert (
            client.get(
                reverse("admin:notifications_noticetext_preview", args=[text(merchant).pk])
            ).status_code
            == 404
        )
