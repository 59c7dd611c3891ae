"""`manage.py send_test` says in plain words what the receiver said, or why not."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.channels import connection
from notifications.models import Attempt, Suppression
from notifications.tests.mail_server import MailServer

pytestmark = pytest.mark.django_db


def run(to, **options):
    out = StringIO()
    call_command("send_test", to=to, stdout=out, **options)
    return out.getvalue()


def test_a_mail_by_smtp(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with MailServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        said = run("ada@example.com")
        assert (
            f"the mail server 127.0.0.1:{server.port}" in said and "Sent. The receiver said: accepted" in said
        )
        assert server.texts()[0]["Subject"] == "Test message"
        server.answers = ["RCPT 550 5.1.1 no such user"]
        with pytest.raises(
            CommandError, match=r"Not sent. 550 5.1.1 no such user\nAsking again will not help"
        ):
            run("bea@example.com")
        connection.forget()
    with pytest.raises(CommandError, match=r"Not sent. ConnectionRefused.*\nIt may work later"):
        run("ada@example.com")
    assert not Suppression.objects.exists() and not Attempt.objects.exists()


def test_a_text_by_twilio(twilio, settings):
    assert "Sent. The receiver said: Twilio: queued SM1" in run("+49 89 1234567")
    assert "StatusCallback" not in twilio.asked[0].body
    twilio.answers = [(401, {"code": 20003, "message": "Authenticate"})]
    with pytest.raises(CommandError, match=r"20003 Authenticate.*TWILIO_ settings"):
        run("+49 89 1234567", channel="sms")
    settings.SMS_CHANNEL = "off"
    with pytest.raises(CommandError, match="No SMS channel is set up"):
        run("+49 89 1234567")


@pytest.mark.parametrize(
    ("to", "channel", "words"),
    [
        ("nobody", "email", "is not an e-mail address"),
        ("089 1234567", None, "is not a phone number with its country"),
        ("ada@example.com", "sms", "is not a phone number"),
    ],
)
def test_an_address_that_is_none(twilio, to, channel, words):
    with pytest.raises(CommandError, match=words):
        run(to, channel=channel)
    assert not twilio.asked
