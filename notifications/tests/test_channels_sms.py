"""Texts through a real HTTP server: what is sent, and what each answer does to the notice and to the number."""

import base64
import json
from urllib.parse import parse_qs, parse_qsl

import pytest

from notifications.channels import http
from notifications.channels.gateway import escape_for, fill
from notifications.models import Suppression
from notifications.status import NoticeState
from notifications.tests.sms_kit import CREATED, E164, PHONE, TOKEN, deliver, notice_to
from orders.lifecycle import change_status
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(merchant):
    return notice_to(merchant)


# --- Twilio: sending ------------------------------------------------------------------------------------------


def test_a_text_goes_out_with_the_address_for_its_status(twilio, notice, settings):
    assert deliver(notice) and notice.state == NoticeState.SENT
    (asked,) = twilio.asked
    form = dict(parse_qsl(asked.body))
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"AC1:{TOKEN}".encode()).decode()
    assert form["To"] == E164 and form["From"] == "+4930999" and "MessagingServiceSid" not in form
    assert form["StatusCallback"] == f"https://shop.example/hooks/twilio/status/notice-{notice.pk}/"
    assert notice.attempts.get().detail == "Twilio: queued SM1"


def test_a_messaging_service_goes_in_place_of_the_number(twilio, notice, settings):
    settings.TWILIO_MESSAGING_SERVICE_SID = "MG1"
    assert deliver(notice)
    form = dict(parse_qsl(twilio.asked[0].body))
    assert form["MessagingServiceSid"] == "MG1" and "From" not in form


def test_one_connection_carries_many_texts(twilio, merchant):
    http._mine.__dict__.clear()
    for number in range(5):
        assert deliver(notice_to(merchant, f"+49 89 123456{number}"))
    assert len(twilio.asked) == 5 and twilio.connections == 1


@pytest.mark.parametrize(
    ("status", "code", "state", "closes"),
    [
        (400, 21610, NoticeState.DEAD, "stop"),
        (400, 21211, NoticeState.DEAD, None),
        (400, 21614, NoticeState.DEAD, None),
        (400, 21606, NoticeState.RETRY, None),
        (401, 20003, NoticeState.RETRY, None),
        (403, 20005, NoticeState.RETRY, None),
        (429, 20429, NoticeState.RETRY, None),
        (500, 20500, NoticeState.RETRY, None),
        (503, "", NoticeState.RETRY, None),
        (302, "", NoticeState.RETRY, None),
    ],
)
def test_what_twilio_refuses(twilio, notice, status, code, state, closes):
    twilio.answers = [
        (status, {"code": code, "message": "because", "status": status}, ("Location", "/elsewhere"))
    ]
    assert not deliver(notice) and notice.state == state
    attempt = notice.attempts.get()
    assert str(code or status) in attempt.detail and attempt.permanent == (state == NoticeState.DEAD)
    assert ("TWILIO_" in attempt.detail) == (status in (401, 403) or code == 21606)
    assert [row.reason for row in Suppression.objects.filter(merchant=notice.merchant)] == [closes] * bool(
        closes
    )
    assert len(twilio.asked) == 1 and TOKEN not in attempt.detail


def test_a_number_that_was_stopped_is_not_asked_for_again(twilio, notice):
    twilio.answers = [(400, {"code": 21610, "message": "unsubscribed"})]
    deliver(notice)
    order = make_order(notice.merchant, phone=PHONE)
    for status in ("processing", "shipped"):
        change_status(order.pk, status, actor="alice", now=NOW)
    assert [one.state for one in order.notices.filter(channel="sms")] == [NoticeState.SKIPPED]


def test_an_answer_that_is_no_json_is_no_crash(twilio, notice):
    twilio.answers = [(502, "<html>Bad gateway</html>")]
    assert not deliver(notice) and notice.state == NoticeState.RETRY and "502" in notice.error


@pytest.mark.parametrize("channel", ["twilio", "http"])
def test_a_receiver_that_dawdles_hangs_up_or_is_away_is_asked_again_later(
    twilio, notice, settings, monkeypatch, channel
):
    settings.SMS_CHANNEL = channel
    monkeypatch.setattr(http, "READ", 0.2)
    twilio.answers = [1.5, "hang up", CREATED]
    assert not deliver(notice) and "in time" in notice.error
    assert not deliver(notice) and "cannot be reached" in notice.error
    settings.TWILIO_URL = settings.SMS_HTTP_URL = "http://127.0.0.1:9"
    assert not deliver(notice) and "cannot be reached" in notice.error
    settings.TWILIO_URL = settings.SMS_HTTP_URL = twilio.url
    assert notice.state == NoticeState.RETRY and deliver(notice)


@pytest.mark.parametrize("channel", ["twilio", "http"])
def test_an_answer_that_breaks_off_after_its_yes_is_a_yes(twilio, notice, settings, channel):
    settings.SMS_CHANNEL = channel
    twilio.answers = ["break off"]
    assert deliver(notice) and len(twilio.asked) == 1


def test_without_a_set_up_it_says_what_is_missing_and_waits(twilio, notice, settings):
    settings.TWILIO_AUTH_TOKEN = ""
    assert not deliver(notice)
    assert notice.state == NoticeState.RETRY and "TWILIO_AUTH_TOKEN" in notice.error and not twilio.asked


# --- the gateway ----------------------------------------------------------------------------------------------


def test_a_gateway_gets_json_with_its_secret_header(gateway, notice, settings):
    settings.SMS_HTTP_HEADERS = {"Authorization": "Bearer s3cret"}
    assert deliver(notice)
    (asked,) = gateway.asked
    said = json.loads(asked.body)
    assert said["to"] == E164 and said["key"] == f"notice-{notice.pk}"
    assert asked.method == "POST" and asked.headers["Authorization"] == "Bearer s3cret"
    assert asked.headers["Content-Type"] == "application/json"


def test_a_gateway_may_want_a_form_or_a_query(gateway, notice, merchant, settings):
    settings.SMS_HTTP_CONTENT_TYPE = "application/x-www-form-urlencoded"
    settings.SMS_HTTP_BODY = "number={to}&message={text}"
    assert deliver(notice)
    form = parse_qs(gateway.asked[0].body)
    assert form["number"] == [E164] and set(form) == {"number", "message"}
    settings.SMS_HTTP_METHOD, settings.SMS_HTTP_URL = "GET", gateway.url + "/get?to={to}&text={text}"
    assert deliver(notice_to(merchant, "+49 89 7654321"))
    assert gateway.asked[1].path.startswith("/get?to=%2B49897654321&text=") and gateway.asked[1].body == ""


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, NoticeState.SENT),
        (202, NoticeState.SENT),
        (301, NoticeState.RETRY),
        (400, NoticeState.DEAD),
        (401, NoticeState.RETRY),
        (408, NoticeState.RETRY),
        (422, NoticeState.DEAD),
        (425, NoticeState.RETRY),
        (429, NoticeState.RETRY),
        (500, NoticeState.RETRY),
    ],
)
def test_what_a_gateways_answer_means(gateway, notice, status, state):
    gateway.answers = [(status, "said so", ("Location", "/elsewhere"))]
    deliver(notice)
    assert notice.state == state and f"{status} said so" in notice.attempts.get().detail
    assert len(gateway.asked) == 1


def test_a_customers_own_words_cannot_leave_their_place():
    words = 'a"b\\c\n{key}&x=1 ü😀'
    values = {"to": "+49", "text": words, "key": "notice-1"}
    said = json.loads(fill('{"text": "{text}", "n": {"k": "{key}"}}', values, escape_for("application/json")))
    assert said == {"text": words, "n": {"k": "notice-1"}}
    form = parse_qs(fill("m={text}&k={key}", values, escape_for("application/x-www-form-urlencoded")))
    assert form == {"m": [words], "k": ["notice-1"]}
    assert fill("{text}", values, escape_for("text/plain")) == words


def test_a_text_stays_in_the_cheap_alphabet(gateway, merchant):
    merchant.name = "Anna’s “Kiosk”"
    notice = notice_to(merchant)
    assert deliver(notice)
    text = json.loads(gateway.asked[0].body)["text"]
    assert "Anna's" in text and "’" not in text
