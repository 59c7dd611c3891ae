"""Each message by each channel in each language: whole, translated, with its style where mail programs heed it."""

import re

import pytest
from django.conf import settings
from django.utils import translation

from notifications import delivery
from notifications.decide import MILESTONE_OF
from notifications.gsm import segments
from notifications.models import Notice
from notifications.render import render
from notifications.status import Milestone
from notifications.tests.sms_kit import deliver, notice_to
from notifications.words import words
from orders.models import Merchant, OrderEvent
from shipping.status import TrackingStatus
from tests.factories import NOW, make_shipment

LANGUAGES = [code for code, _ in settings.LANGUAGES]
FACTS = [
    *((milestone, kind, new) for (kind, new), milestone in MILESTONE_OF.items()),
    (Milestone.RATING_REQUEST, "shipment", TrackingStatus.DELIVERED),
    (Milestone.DELAYED, "promise", "2026-03-12"),
]
OURS = {"Kiosk", "Ada", "Lovelace", "Blue", "mug", "Green", "tea", "DHL", "help", "kiosk", "example"}
"""Names in Latin letters that stay so."""


@pytest.fixture
def parcel(merchant):
    Merchant.objects.update(footer="")
    return make_shipment(merchant, carrier="DHL", tracking_number="JD1")


def message(parcel, language, milestone, kind, new, channel):
    order = parcel.order
    order.locale, order.merchant = language, Merchant.objects.get()
    event = OrderEvent(order=order, kind=kind, new=new, occurred_at=NOW, recorded_at=NOW)
    event.subject = parcel.subject if kind in ("shipment", "promise", "packed") else ""
    to = order.email if channel == "email" else str(order.phone)
    return render(
        Notice(
            merchant=order.merchant,
            order=order,
            event=event,
            milestone=milestone,
            channel=channel,
            recipient=to,
            subject=event.subject or "order",
        )
    )


def plain(text):
    return " ".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(parcel, language):
    for milestone, kind, new in FACTS:
        with translation.override("en"):
            english = plain(str(words(milestone, kind, new).headline))
        with translation.override(language):
            headline = plain(str(words(milestone, kind, new).headline))
        assert (headline == english) is (language == "en"), headline
        mail = message(parcel, language, milestone, kind, new, "email")
        sms = message(parcel, language, milestone, kind, new, "sms").text
        assert plain(mail.subject).startswith(headline) and parcel.order.number in mail.subject
        direction = ' dir="rtl"' if language == "ar" else ""
        assert f'<html lang="{language}"{direction}>' in mail.html
        link = f"/t/{parcel.order.public_key}/"
        for text in (mail.text, mail.html, sms):
            assert link in text and "Kiosk" in text
            assert not re.search(r"%\(|\{\{|\{%|\bNone\b", text), text
        assert parcel.order.number in sms and "\n" not in sms
        assert segments(sms).count <= 3, sms
        if language in ("ar", "ja"):
            for text in (mail.subject, mail.text, sms):
                latin = set(
                    re.findall(r"[A-Za-z]{3,}", re.sub(r"http\S+|\S+@\S+|" + parcel.order.number, "", text))
                )
                assert latin <= OURS, (milestone, latin - OURS)


def test_a_mails_style_stands_in_its_elements(parcel):
    Merchant.objects.update(colour="#123456")
    html = message(parcel, "en", Milestone.SHIPPED, "shipment", "in_transit", "email").html
    for element in ("h1", r'a class="button"', r'table class="card"', r'td class="inner"'):
        assert re.search(rf"<{element}[^>]* style=\"[^\"]*(font-size|background|padding)", html), element
    assert re.search(r'class="button"[^>]*style="[^"]*background: #123456', html)
    assert "prefers-color-scheme" in html, "what cannot stand there stays in the head"


def test_a_letters_style_too(merchant):
    from notifications.letters import post

    post(merchant=merchant, to="a@b.example", subject="S", text="Words", about="x", key="1", now=NOW)
    (notice,) = delivery.loaded([Notice.objects.get().pk])
    assert re.search(r"<table class=\"card\"[^>]* style=\"[^\"]*background", render(notice).html)


def test_sms_to_the_workers_output(merchant, settings, capsys):
    settings.SMS_CHANNEL = "console"
    notice = notice_to(merchant)
    assert deliver(notice) and notice.state == "sent"
    assert f"SMS to {notice.recipient}: Kiosk: On its way." in capsys.readouterr().out
    assert notice.attempts.get().detail == "printed"


def test_every_milestone_is_here():
    assert {milestone for milestone, _, _ in FACTS} == set(Milestone)
