"""What Twilio tells us: believed only when signed, kept with the notice, and a STOP heeded."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.test import Client

from notifications import wishes
from notifications.channels.twilio import signature as reckoned
from notifications.models import Attempt, Consent, Suppression
from notifications.status import NoticeState
from notifications.tests.sms_kit import E164, PHONE, TOKEN, deliver, notice_to
from tests.factories import NOW, make_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture
def notice(merchant):
    return notice_to(merchant)


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
    form = {
        "CallSid": ["CA1234567890ABCDE"], "Caller": ["+12349013030"], "Digits": ["1234"],
        "From": ["+12349013030"], "To": ["+18005551212"],
    }  # fmt: skip
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert reckoned(url, form, "12345") == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_the_known_answers_of_twilios_own_library():
    file = Path(__file__).parents[3] / "shared" / "data" / "payloads" / "signature_vectors.json"
    if not file.exists():
        pytest.skip("the vendors' known answers are not beside this checkout")
    rows = [row for row in json.loads(file.read_text()) if row["provider"] == "twilio" and "signature" in row]
    assert len(rows) == 2
    for row in rows:
        params = row.get("params", {})
        form = {name: [value] for name, value in params.items()} or parse_qs(row["querystring"])
        assert reckoned(row["url"], form, row["secret"]) == row["signature"]
        assert reckoned(row["url"] + "&", form, row["secret"]) != row["signature"]


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


@pytest.mark.parametrize(
    "word",
    [
        "STOP",
        " stop\n",
        "StopAll",
        "UNSUBSCRIBE",
        "cancel",
        "End",
        "QUIT",
        "Stopp!",
        "ＳＴＯＰ",
        "ストップ",
        "ｽﾄｯﾌﾟ",
        "停止。",
        "توقف",
        "إيقاف",
        "Basta",
        "annulla",
        "Koniec.",
        "rezygnuję",
        "Afmelden",
        "arrêter",
        "Sair",
        "Baja",
    ],
)
def test_stop_closes_the_number_for_everyone_who_has_written_to_it(twilio, notice, other, word):
    never = make_merchant("third")
    notice_to(other)
    answer = incoming(word)
    assert answer.status_code == 200 and answer.content == b"<Response></Response>"
    for merchant in (notice.merchant, other):
        assert wishes.suppression_of(merchant, "sms", PHONE).reason == "stop"
    assert not wishes.suppression_of(never, "sms", PHONE)
    proof = Consent.objects.for_merchant(other).get()
    assert proof.way == "sms" and proof.shown.strip() == word.strip() and proof.after == []
    assert not deliver(notice) and notice.state == NoticeState.SKIPPED and not twilio.asked


@pytest.mark.parametrize("word", ["START", "ｓｔａｒｔ", "再開", "ابدأ", "Wznów", "Avvia"])
def test_start_opens_what_a_stop_closed_and_nothing_else(twilio, notice, other, word):
    notice_to(other)
    wishes.suppress(other, "sms", PHONE, Suppression.Reason.BOUNCE, now=NOW)
    incoming("STOP")
    incoming(word)
    assert not wishes.suppression_of(notice.merchant, "sms", PHONE)
    assert wishes.suppression_of(other, "sms", PHONE).reason == "bounce"
    stopped, started = notice.merchant.consents.order_by("pk")
    assert (
        stopped.after == started.before == []
        and started.after == stopped.before
        and "shipped" in started.after
    )
    assert deliver(notice)


def test_other_words_change_nothing_and_twilios_own_word_for_it_counts(twilio, notice):
    for body in ("", "STOP IT PLEASE", "where is it?", "stoppt"):
        assert incoming(body).status_code == 200
    assert not Suppression.objects.exists()
    incoming("arrêter", OptOutType="STOP")
    assert wishes.suppression_of(notice.merchant, "sms", PHONE)


def test_a_stop_from_nobody_we_know_is_no_crash(twilio):
    for phone in ("", "+15005550006", "INFO", "x" * 300):
        assert incoming("STOP", phone).status_code == 200
    assert not Suppression.objects.exists()
