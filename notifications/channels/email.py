"""E-mail by Django's mail backend (SMTP in production, a folder in development)."""

import re
import smtplib
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from notifications.channels.base import ChannelError, Message

_SINGLE_LINE = re.compile(r"[\r\n]+")


class Email:
    def send(self, to: str, message: Message, *, key: str) -> str:
        address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        mail = EmailMultiAlternatives(
            subject=_SINGLE_LINE.sub(" ", message.subject),
            body=message.text,
            from_email=formataddr((_SINGLE_LINE.sub(" ", message.sender_name), address)),
            to=[to],
            reply_to=[message.reply_to] if message.reply_to else None,
            headers={
                "Message-ID": f"<{key}@{address.rpartition('@')[2]}>",
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
                **message.headers,
            },
        )
        mail.attach_alternative(message.html, "text/html")
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise ChannelError(f"{code} {_words(text)}", permanent=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            # Any 5xx but "authentication needed": that is our set-up, and mends itself once it is mended.
            permanent = error.smtp_code >= 500 and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise ChannelError(
                f"{error.smtp_code} {_words(error.smtp_error)}", permanent=permanent
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(f"{type(error).__name__}: {error}", permanent=False) from error
        return "accepted"


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
