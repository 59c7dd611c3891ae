"""Before a shop's words are kept: which of last month's notices would have carried them, and what an SMS to try them costs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications import carried as module
from notifications import delivery
from notifications.carried import carried
from notifications.models import Letter, Notice, NoticeSettings, NoticeText
from orders.lifecycle import change_status
from orders.models import Merchant
from tests.factories import make_order

PHONE = "+49 89 1234567"


@pytest.fixture
def month(merchant):
    """Three orders told as shipped by mail and SMS: two in English, one in German; and one too long ago."""
    Merchant.objects.update(notify_sms=True)
    merchant.refresh_from_db()
    NoticeSettings.objects.create(merchant=merchant, sms_price=Decimal("0.075"), per_person_a_day=None)
    now = timezone.now()
    for days, locale in ((1, "en"), (2, "en"), (3, "de"), (40, "en")):
        at = now - timedelta(days=days)
        order = make_order(merchant, now=at, placed_at=at, locale=locale)
        change_status(order.pk, "shipped", actor="alice", now=at)
    return merchant


def text(merchant, body, channel="sms", **more):
    return NoticeText(merchant=merchant, milestone="shipped", channel=channel, body=body, on=True, **more)


def test_those_of_its_language_and_channel_in_parts_and_money(month):
    told = carried(text(month, "a" * 400), now=timezone.now())
    assert (told.notices, told.before, told.after, told.looked_at) == (2, 2, 6, 2)
    assert told.costs == (Decimal("0.15"), Decimal("0.45"))
    assert carried(text(month, "x", language="de"), now=timezone.now()).notices == 1
    mail = carried(text(month, "x", channel="email"), now=timezone.now())
    assert (mail.notices, mail.before, mail.costs) == (2, None, None)


def test_the_newest_speak_for_all(month, monkeypatch):
    monkeypatch.setattr(module, "SAMPLE", 1)
    told = carried(text(month, "a" * 400), now=timezone.now())
    assert (told.looked_at, told.before, told.after) == (1, 2, 6)


def test_words_that_are_switched_off_give_way_to_ours(month):
    old = text(month, "a" * 400)
    old.save()
    old.on = False
    told = carried(old, now=timezone.now())
    assert (told.before, told.after) == (6, 2)


def test_it_costs_a_fixed_number_of_queries(month, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        carried(text(month, "a" * 400), now=timezone.now())


class TestPages:
    FORM = {"milestone": "shipped", "channel": "sms", "language": "en", "subject": "", "body": "a" * 400}

    def test_it_stands_before_words_that_customers_get(self, month, client, alice):
        client.force_login(alice)
        url = reverse("admin:notifications_noticetext_add")
        form = self.FORM | {"merchant": month.pk, "on": "on"}
        page = client.post(url, form).content.decode()
        assert "2 messages of the last 30 days would have carried these words" in page
        assert "2 before, <strong>6</strong> then; 0.15 EUR before, <strong>0.45 EUR</strong>" in page
        assert not NoticeText.objects.exists()
        assert client.post(url, form | {"_sure": "1"}).status_code == 302
        row = NoticeText.objects.get()
        change = reverse("admin:notifications_noticetext_change", args=[row.pk])
        assert client.post(change, form).status_code == 302, "the same again changes nothing"
        off = {name: value for name, value in form.items() if name != "on"}
        assert "carried Tracker’s own words again" in client.post(change, off).content.decode()

    def test_a_draft_is_kept_at_once_and_its_preview_says_it(self, month, client, alice):
        client.force_login(alice)
        url = reverse("admin:notifications_noticetext_add")
        assert client.post(url, self.FORM | {"merchant": month.pk}).status_code == 302
        row = NoticeText.objects.get()
        page = client.get(reverse("admin:notifications_noticetext_preview", args=[row.pk])).content.decode()
        assert "2 messages of the last 30 days" in page and "<strong>6</strong> then" in page

    def test_a_strangers_form_shows_nothing(self, month, client, charlie, bob):
        form = self.FORM | {"merchant": month.pk, "on": "on"}
        for person in (charlie, bob):
            client.force_login(person)
            page = client.post(reverse("admin:notifications_noticetext_add"), form)
            assert b"would have carried" not in page.content and not NoticeText.objects.exists()


class TestTryBySms:
    @pytest.fixture
    def url(self, month, client, alice):
        row = text(month, "Hello {name}")
        row.save()
        Notice.objects.all().delete()
        client.force_login(alice)
        return reverse("admin:notifications_noticetext_preview", args=[row.pk])

    def test_it_goes_by_the_outbox_once_and_is_counted(self, url, client, settings):
        for _ in range(2):
            said = client.post(url, {"phone": "+49 89 7654321"}, follow=True).content.decode()
            assert "on its way to +49 89 7654321" in said
        notice = Notice.objects.get()
        assert (notice.recipient, notice.segments, notice.milestone) == ("+49 89 7654321", 1, "letter")
        assert delivery.deliver(notice.pk, clock=timezone.now)
        assert "Hello Ada Lovelace" in (settings.MAIL_DIR / "sms.jsonl").read_text()

    def test_limits_hold_it_back(self, url, client):
        NoticeSettings.objects.update(sms_a_day=0)
        assert "Not sent: The shop" in client.post(url, {"phone": PHONE}, follow=True).content.decode()
        assert Notice.objects.get().state == "held"

    def test_so_many_a_day(self, url, client):
        for number in range(11):
            said = client.post(url, {"phone": f"+49 89 76543{number:02}"}, follow=True).content.decode()
        assert "10 SMS a day" in said and Letter.objects.count() == 10

    @pytest.mark.parametrize("phone", ["", "089 1234567", "x", "+49"])
    def test_a_number_that_is_none(self, url, client, phone):
        assert "with its country" in client.post(url, {"phone": phone}, follow=True).content.decode()
        assert not Notice.objects.exists()

    def test_only_who_may_write_texts(self, url, client, bob):
        client.force_login(bob)
        assert client.post(url, {"phone": PHONE}).status_code == 404 and not Notice.objects.exists()
