"""What a customer answers by any gateway: heard with our secret only, and a STOP heeded."""

import json

import pytest
from django.test import Client

from notifications import wishes
from notifications.models import Consent, Suppression
from notifications.tests.sms_kit import E164, PHONE, notice_to

pytestmark = pytest.mark.django_db
SECRET = "a-long-secret-of-the-gateway"


@pytest.fixture
def notice(merchant, settings):
    settings.SMS_HTTP_INCOMING_SECRET = SECRET
    return notice_to(merchant)


def answer(data, secret=SECRET, kind="application/json"):
    body = json.dumps(data) if kind == "application/json" else data
    extra = {"content_type": kind} if kind else {}
    return Client(enforce_csrf_checks=True).post(f"/hooks/sms/incoming/{secret}/", body, **extra)


@pytest.mark.parametrize(("kind", "phone"), [("application/json", E164), ("", E164), ("", E164.lstrip("+"))])
def test_stop_and_start(notice, kind, phone):
    assert answer({"from": phone, "text": " Stopp. "}, kind=kind).status_code == 204
    assert wishes.suppression_of(notice.merchant, "sms", PHONE).reason == "stop"
    assert Consent.objects.get().way == "sms" and Consent.objects.get().after == []
    answer({"from": phone, "text": "start"}, kind=kind)
    assert not wishes.suppression_of(notice.merchant, "sms", PHONE)


def test_the_fields_may_have_other_names(notice, settings):
    settings.SMS_HTTP_INCOMING_FIELDS = ("msisdn", "body")
    answer({"msisdn": E164, "body": "STOP"})
    assert wishes.suppression_of(notice.merchant, "sms", PHONE)


@pytest.mark.parametrize("secret", ["wrong", SECRET[:-1], SECRET + "x"])
def test_a_stranger_stops_nobody(notice, secret):
    assert answer({"from": E164, "text": "STOP"}, secret=secret).status_code == 404
    assert not Suppression.objects.exists()


def test_there_is_no_door_without_a_secret(notice, settings):
    settings.SMS_HTTP_INCOMING_SECRET = ""
    for secret in ("x", "%00"):
        assert answer({"from": E164, "text": "STOP"}, secret=secret).status_code == 404
    assert Client().get(f"/hooks/sms/incoming/{SECRET}/").status_code == 405


@pytest.mark.parametrize("body", ["", "[]", "{", "null", '{"from": 7, "text": ["STOP"]}'])
def test_nonsense_is_no_crash(notice, body):
    sent = Client().post(f"/hooks/sms/incoming/{SECRET}/", body, content_type="application/json")
    assert sent.status_code == 204 and not Suppression.objects.exists()
