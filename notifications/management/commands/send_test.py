"""Send one test message by the mail server or SMS service that is set up, and say what it answered."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from phonenumber_field.phonenumber import to_python

from notifications.channels.base import ChannelError, Message, channel_for
from notifications.status import Channel

WORDS = "This is a test message. If you can read it, messages to customers can go out."


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", required=True, help="an e-mail address, or a phone number with its country: +49…"
        )
        parser.add_argument(
            "--channel", choices=Channel.values, help="email or sms; else by what --to looks like"
        )

    def handle(self, *, to: str, channel: str | None, **options: Any) -> None:
        name = channel or (Channel.EMAIL if "@" in to else Channel.SMS)
        _check(name, to)
        message = Message(
            subject="Test message", text=WORDS, html=f"<p>{WORDS}</p>", sender_name="Test", reply_to=""
        )
        self.stdout.write(f"Sending to {to} by {_by(name)} …")
        try:
            said = channel_for(name).send(to, message, key=f"test-{uuid.uuid4().hex}")
        except ChannelError as error:
            what = (
                "Asking again will not help"
                if error.permanent
                else "It may work later, or once the set-up is mended"
            )
            raise CommandError(f"Not sent. {error}\n{what}.") from None
        except Exception as error:
            raise CommandError(f"Not sent. {type(error).__name__}: {error}") from error
        self.stdout.write(f"Sent. The receiver said: {said}")


def _check(name: str, to: str) -> None:
    if name == Channel.EMAIL:
        try:
            validate_email(to)
        except ValidationError:
            raise CommandError(f"“{to}” is not an e-mail address.") from None
    elif not (number := to_python(to)) or not number.is_valid():
        raise CommandError(f"“{to}” is not a phone number with its country, such as +49 89 1234567.")


def _by(name: str) -> str:
    if name == Channel.SMS:
        return f"SMS (SMS_CHANNEL={settings.SMS_CHANNEL})"
    if settings.EMAIL_SERVICE:
        return f"the mail service {settings.EMAIL_SERVICE}"
    if "smtp" in settings.EMAIL_BACKEND:
        return f"the mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return "mail into the folder that /dev/outbox/ shows" if "folder" in settings.EMAIL_BACKEND else "mail"
