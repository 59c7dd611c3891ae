"""A mail service by django-anymail, at a real HTTP server: what it takes, what it refuses, what it tells later."""

import base64
import hashlib
import hmac
import json

import pytest
from django.test import Client

from notifications import delivery, wishes
from notifications.channels import connection
from notifications.models import Attempt, Notice, Suppression
from notifications.status import NoticeState
from notifications.tests.channel_servers import Receiver
from tests.factories import NOW, make_order

pytestmark = pytest.mark.django_db
SECRET = "postmark:long-secret"
URL = "/hooks/mail/postmark/tracking/"
TAKEN = (
    200,
    {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": "ada@example.com", "SubmittedAt": ""},
)

INACTIVE = "Found inactive addresses: ada@example.com. Inactive recipients are ones that have bounced."


@pytest.fixture(autouse=True)
def postmark(settings):
    connection.forget()
    with Receiver([TAKEN]) as server:
        settings.EMAIL_SERVICE, settings.EMAIL_BACKEND = "postmark", "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {
            "POSTMARK_API_URL": server.url + "/", "POSTMARK_SERVER_TOKEN": "pm-token",
            "WEBHOOK_SECRET": SECRET, "REQUESTS_TIMEOUT": (1, 0.5),
        }  # fmt: skip
        yield server
        connection.forget()


@pytest.fixture
def notice(merchant):
    make_order(merchant)
    return Notice.objects.get()


def deliver(notice):
    notice.refresh_from_db()
    went = delivery.deliver(notice.pk, clock=lambda: notice.due_at)
    notice.refresh_from_db()
    return went


def tell(said, secret=SECRET, url=URL):
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    client = Client(enforce_csrf_checks=True)
    return client.post(url, json.dumps(said), content_type="application/json", headers=headers)


def bounce(notice, kind="HardBounce", **fields):
    return {
        "RecordType": "Bounce", "Type": kind, "Email": "ada@example.com", "MessageID": "pm-1", "ID": 1,
        "BouncedAt": "2026-03-04T10:00:00Z", "Details": "550 5.1.1 unknown",
        "Metadata": {"notice": f"notice-{notice.pk}"},
    } | fields  # fmt: skip


def test_a_mail_goes_out_with_the_key_of_its_notice_on_a_kept_connection(postmark, notice, merchant):
    assert deliver(notice) and notice.attempts.get().detail == "accepted pm-1"
    make_order(merchant)
    assert deliver(Notice.objects.first())
    said = json.loads(postmark.asked[0].body)
    assert said["Metadata"] == {"notice": f"notice-{notice.pk}"} and said["To"] == "ada@example.com"
    assert postmark.asked[0].headers["X-Postmark-Server-Token"] == "pm-token"
    assert any(header["Name"] == "List-Unsubscribe" for header in said["Headers"])
    assert len(postmark.asked) == 2 and postmark.connections == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((422, {"ErrorCode": 300, "Message": "Invalid email request"}), NoticeState.DEAD),
        ((422, {"ErrorCode": 406, "Message": INACTIVE}), NoticeState.DEAD),
        ((401, {"ErrorCode": 10, "Message": "Bad token"}), NoticeState.RETRY),
        ((429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}), NoticeState.RETRY),
        ((500, "oops"), NoticeState.RETRY),
        ("hang up", NoticeState.RETRY),
        (1.2, NoticeState.RETRY),
    ],
)  # fmt: skip
def test_what_the_service_refuses(postmark, notice, answer, state):
    postmark.answers = [answer]
    assert not deliver(notice) and notice.state == state and notice.error
    assert len(postmark.asked) == 1 and "pm-token" not in notice.attempts.get().detail


def test_a_service_that_is_not_set_up_waits_and_says_so(notice, settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}
    assert not deliver(notice) and notice.state == NoticeState.RETRY
    assert "POSTMARK_SERVER_TOKEN" in notice.error


# --- what it tells later --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"Type": "HardBounce"}, "bounce"),
        ({"Type": "BadEmailAddress"}, "bounce"),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, "complaint"),
        ({"Type": "SpamNotification"}, "complaint"),
        ({"Type": "SoftBounce"}, None),
        ({"Type": "Transient"}, None),
        ({"Type": "Blocked"}, None),
        ({"Type": "DMARCPolicy"}, None),
        ({"RecordType": "Delivery"}, None),
        ({"RecordType": "Open"}, None),
    ],
)
def test_bounces_and_complaints_close_the_address_for_the_merchant_of_the_notice(notice, other, said, reason):
    deliver(notice)
    for _ in range(2):
        assert tell(bounce(notice, **said)).status_code == 200
    found = wishes.suppression_of(notice.merchant, "email", "ada@example.com")
    assert (found.reason if found else None) == reason
    assert not wishes.suppression_of(other, "email", "ada@example.com")
    quiet = said.get("Type") == "Transient" or said.get("RecordType") == "Open"
    assert notice.attempts.count() == (1 if quiet else 2)
    make_order(notice.merchant)
    assert (Notice.objects.first().state == NoticeState.SKIPPED) == bool(reason)


def test_a_wrong_or_missing_secret_changes_nothing(notice, settings):
    for secret in ("", "postmark:wrong", "postmark"):
        assert tell(bounce(notice), secret).status_code == 400
    assert Client().get(URL).status_code == 405
    assert not Suppression.objects.exists() and not Attempt.objects.exists()


def test_the_door_is_there_only_for_the_service_in_use_and_with_a_proof(notice, settings):
    assert tell(bounce(notice), url="/hooks/mail/brevo/tracking/").status_code == 404
    assert tell(bounce(notice), url="/hooks/mail/none/tracking/").status_code == 404
    settings.ANYMAIL = settings.ANYMAIL | {"WEBHOOK_SECRET": ""}
    assert tell(bounce(notice)).status_code == 404
    settings.EMAIL_SERVICE, settings.ANYMAIL = "", settings.ANYMAIL | {"WEBHOOK_SECRET": SECRET}
    assert tell(bounce(notice)).status_code == 404
    settings.EMAIL_SERVICE = "scaleway"
    assert tell(bounce(notice), url="/hooks/mail/scaleway/tracking/").status_code == 404
    assert not Suppression.objects.exists()


def test_a_services_own_signature_will_do(notice, settings):
    settings.EMAIL_SERVICE = "mailgun"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": "key"}
    url = "/hooks/mail/mailgun/tracking/"

    def said(key):
        signature = hmac.new(key, b"1577836800" + b"t", hashlib.sha256).hexdigest()
        return {
            "signature": {"timestamp": "1577836800", "token": "t", "signature": signature},
            "event-data": {
                "event": "failed", "severity": "permanent", "reason": "bounce", "recipient": "ada@example.com", "id": "1",
                "timestamp": 1577836800.0, "user-variables": {"notice": f"notice-{notice.pk}"},
                "delivery-status": {"code": 550, "message": "no such user"},
            },
        }  # fmt: skip

    assert tell(said(b"wrong"), "", url).status_code == 400 and not Suppression.objects.exists()
    assert tell(said(b"key"), "", url).status_code == 200
    assert Suppression.objects.get().reason == "bounce"
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}
    assert tell(said(b"key"), "", url).status_code == 404


def test_a_notice_of_another_system_on_the_same_account_is_not_ours(notice):
    tell(bounce(notice, Email="eve@example.com"))
    assert not Suppression.objects.exists() and not notice.attempts.exists()


def test_without_a_notice_it_goes_by_the_recipient(notice, other):
    make_order(other)
    make_order(other, email="bea@example.com")
    tell(bounce(notice, Metadata={"notice": "code-7"}))
    assert Suppression.objects.filter(address="ada@example.com").count() == 2
    assert not Suppression.objects.exclude(address="ada@example.com").exists()


def test_a_closed_address_gets_nothing_that_was_planned_before(postmark, notice):
    tell(bounce(notice))
    assert not deliver(notice) and notice.state == NoticeState.SKIPPED and "bounced" in notice.error
    assert not postmark.asked and notice.created_at <= NOW
