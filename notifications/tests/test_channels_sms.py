"""Texts through a real HTTP server: what is sent, and what each answer does to the notice and to the number."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, parse_qsl

import pytest
from django.test import Client

from notifications import delivery, wishes
from notifications.channels import http
from notifications.channels.gateway import escape_for, fill
from notifications.models import Attempt, Consent, Suppression
from notifications.status import NoticeState
from notifications.tests.channel_servers import Receiver
from orders.lifecycle import change_status
from tests.factories import NOW, make_merchant, make_order

pytestmark = pytest.mark.django_db
PHONE = "+49 89 1234567"
E164 = "+49891234567"
TOKEN = "token-of-the-tests"
CREATED = (201, {"sid": "SM1", "status": "queued"})


@pytest.fixture
def receiver(settings):
    with Receiver() as server:
        settings.TWILIO_URL = server.url
        settings.SMS_HTTP_URL = server.url + "/send"
        yield server


@pytest.fixture
def twilio(receiver, settings):
    settings.SMS_CHANNEL = "twilio"
    settings.BASE_URL = "https://shop.example"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", TOKEN
    settings.TWILIO_FROM, settings.TWILIO_MESSAGING_SERVICE_SID = "+4930999", ""
    receiver.answers = [CREATED]
    return receiver


@pytest.fixture
def gateway(receiver, settings):
    settings.SMS_CHANNEL = "http"
    return receiver


def notice_to(merchant, phone=PHONE):
    merchant.notify_email, merchant.notify_sms = False, True
    merchant.save()
    order = make_order(merchant, phone=phone)
    for status in ("processing", "shipped"):
        change_status(order.pk, status, actor="alice", now=NOW)
    return order.notices.get(channel="sms")


@pytest.fixture
def notice(merchant):
    return notice_to(merchant)


def deliver(notice, at=None):
    notice.refresh_from_db()
    went = delivery.deliver(notice.pk, clock=lambda: at or notice.due_at)
    notice.refresh_from_db()
    return went


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
    assert not order.notices.filter(channel="sms").exists()


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


# --- what Twilio tells us ----------------------------------------------------------------------------------------


def sign(path, form, token=TOKEN, base="https://shop.example"):
    text = base + path + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def tell(path, form, signature=None, **extra):
    headers = {"X-Twilio-Signature": sign(path, form) if signature is None else signature}
    return Client(enforce_csrf_checks=True).post(path, form | extra, headers=headers)


def status_of(notice, state, code="", **fields):
    form = {"MessageSid": "SM1", "MessageStatus": state, "To": E164} | ({"ErrorCode": code} if code else {})
    return tell(f"/hooks/twilio/status/notice-{notice.pk}/", form | fields)


def incoming(body, phone=E164, **fields):
    return tell("/hooks/twilio/incoming/", {"From": phone, "To": "+4930999", "Body": body} | fields)


def test_twilios_own_example_of_a_signature():
    """From its documentation of request validation."""
    from notifications.channels.twilio import signature

    form = {
        "CallSid": ["CA1234567890ABCDE"], "Caller": ["+12349013030"], "Digits": ["1234"],
        "From": ["+12349013030"], "To": ["+18005551212"],
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature(url, form, "12345") == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_only_what_twilio_has_signed_is_heard(twilio, notice, settings):
    path = f"/hooks/twilio/status/notice-{notice.pk}/"
    form = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "30005"}
    good = sign(path, form)
    for answer in (
        tell(path, form, signature=""),
        tell(path, form, signature="ä"),
        tell(path, form, signature=sign(path, form, token="another")),
        tell(path, form, signature=sign("/hooks/twilio/incoming/", form)),
        tell(path, form, signature=sign(path, form, base="http://shop.example")),
        tell(path, form, signature=good, ErrorMessage="added"),
        tell(path, form | {"MessageStatus": "delivered"}, signature=good),
        tell(path + "?a=1", form, signature=good),
        tell("/hooks/twilio/incoming/", {"From": E164, "Body": "STOP"}, signature=good),
    ):
        assert answer.status_code == 403
    assert (
        Client().get(path).status_code == 405 and Client().get("/hooks/twilio/incoming/").status_code == 405
    )
    settings.TWILIO_AUTH_TOKEN = ""
    assert tell(path, form, signature=sign(path, form, token="")).status_code == 403
    assert not Attempt.objects.exists() and not Suppression.objects.exists()


def test_each_status_is_kept_once(twilio, notice):
    deliver(notice)
    for state in ("queued", "sent", "sent", "delivered", "sending"):
        assert status_of(notice, state).status_code == 204
    rows = list(notice.attempts.order_by("pk").values_list("detail", "ok"))
    assert rows == [
        ("Twilio: queued SM1", True),
        ("Twilio: sent SM1", True),
        ("Twilio: delivered SM1", True),
    ]
    notice.refresh_from_db()
    assert notice.state == NoticeState.SENT


@pytest.mark.parametrize(
    ("code", "closes"), [("30003", None), ("30005", "bounce"), ("30006", "bounce"), ("21610", "stop")]
)
def test_a_number_that_no_text_can_reach_is_closed_for_this_merchant(twilio, notice, other, code, closes):
    deliver(notice)
    assert status_of(notice, "undelivered", code).status_code == 204
    last = notice.attempts.last()
    assert not last.ok and last.permanent and last.detail == f"Twilio: undelivered {code} SM1"
    found = wishes.suppression_of(notice.merchant, "sms", PHONE)
    assert (found.reason if found else None) == closes
    assert not wishes.suppression_of(other, "sms", PHONE)


@pytest.mark.parametrize("key", ["notice-999999", "code-1", "notice-x", "notice-" + "9" * 40])
def test_a_notice_that_is_not_there(twilio, key):
    assert tell(f"/hooks/twilio/status/{key}/", {"MessageStatus": "sent"}).status_code == 404


@pytest.mark.parametrize("word", ["STOP", " stop\n", "StopAll", "UNSUBSCRIBE", "cancel", "End", "QUIT"])
def test_stop_closes_the_number_for_everyone_who_has_written_to_it(twilio, notice, other, word):
    never = make_merchant("third")
    notice_to(other)
    answer = incoming(word)
    assert answer.status_code == 200 and answer.content == b"<Response></Response>"
    for merchant in (notice.merchant, other):
        assert wishes.suppression_of(merchant, "sms", PHONE).reason == "stop"
    assert not wishes.suppression_of(never, "sms", PHONE)
    proof = Consent.objects.for_merchant(other).get()
    assert proof.way == "sms" and proof.shown.strip().upper() == word.strip().upper() and proof.after == []
    assert not deliver(notice) and notice.state == NoticeState.DEAD and not twilio.asked


def test_start_opens_what_a_stop_closed_and_nothing_else(twilio, notice, other):
    notice_to(other)
    wishes.suppress(other, "sms", PHONE, Suppression.Reason.BOUNCE, now=NOW)
    incoming("STOP")
    incoming("START")
    assert not wishes.suppression_of(notice.merchant, "sms", PHONE)
    assert wishes.suppression_of(other, "sms", PHONE).reason == "bounce"
    assert [row.after for row in notice.merchant.consents.order_by("pk")] == [[], ["shipped", "delivered"]]
    assert deliver(notice)


def test_other_words_change_nothing_and_twilios_own_word_for_it_counts(twilio, notice):
    for body in ("", "STOP IT PLEASE", "where is it?", "stopp"):
        assert incoming(body).status_code == 200
    assert not Suppression.objects.exists()
    incoming("arrêter", OptOutType="STOP")
    assert wishes.suppression_of(notice.merchant, "sms", PHONE)


def test_a_stop_from_nobody_we_know_is_no_crash(twilio):
    for phone in ("", "+15005550006", "INFO", "x" * 300):
        assert incoming("STOP", phone).status_code == 200
    assert not Suppression.objects.exists()
