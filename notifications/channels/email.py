"""E-mail by Django's mail backend: SMTP or a mail service in production, a folder in development."""

import re
import smtplib
from email.utils import formataddr, parseaddr

from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailImproperlyInstalled,
)
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from notifications.channels import connection
from notifications.channels.base import ChannelError, Message
from notifications.channels.http import MAY_HAVE, SLOW_DOWN, never_reached
from notifications.models import Suppression

_SINGLE_LINE = re.compile(r"[\r\n]+")
_NO_SUCH_BOX = re.compile(r"\b5\.1\.(1|6|10)\b")
"""RFC 3463: the mailbox does not exist, has moved away, or takes no mail at all. A plain 550 may be about us."""


class Email:
    def send(self, to: str, message: Message, *, key: str) -> str:
        mail = _mail(to, message, key)
        try:
            connection.send(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, _words(text)) from error
        except smtplib.SMTPDataError as error:
            said = f"{error.smtp_code} {_words(error.smtp_error)}"
            raise ChannelError(said, permanent=error.smtp_code >= 500) from error
        except smtplib.SMTPResponseException as error:
            # Greeting, login or sender: that is our set-up, and mends itself once it is mended.
            raise ChannelError(f"{error.smtp_code} {_words(error.smtp_error)}", permanent=False) from error
        except AnymailError as error:
            raise _service_refused(error) from error
        except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
            raise ChannelError(f"The mail service is not set up: {error}", permanent=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(
                f"{type(error).__name__}: {error}", permanent=False, unsure=connection.handed_over()
            ) from error
        status = getattr(mail, "anymail_status", None)
        return f"accepted {status.message_id}" if status and status.message_id else "accepted"


def _mail(to: str, message: Message, key: str) -> EmailMultiAlternatives:
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
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    for name, mime, data in message.files:
        mail.attach(name, data, mime)
    if settings.EMAIL_SERVICE:
        # Comes back with what the service says of this mail: most replace our Message-ID by their own.
        mail.metadata = {"notice": key}  # type: ignore[attr-defined]
    return mail


def _refused(code: int, words: str) -> ChannelError:
    gone = code >= 500 and _NO_SUCH_BOX.search(words)
    return ChannelError(
        f"{code} {words}", permanent=code >= 500, closes=Suppression.Reason.BOUNCE if gone else ""
    )


def _service_refused(error: AnymailError) -> ChannelError:
    """A service's no by its HTTP status; one that could not be asked at all, or not by us, may be asked again."""
    said = " ".join(str(error).split())[:300]
    if not isinstance(error, AnymailAPIError):
        return ChannelError(said, permanent=True)
    status = error.status_code
    if status in (401, 403, 404):
        return ChannelError(f"{said} (look at EMAIL_SERVICE and the ANYMAIL_ settings)", permanent=False)
    refused = status is not None and 400 <= status < 500 and status not in SLOW_DOWN
    unsure = status in MAY_HAVE if status else not never_reached(error.__cause__)
    return ChannelError(said, permanent=refused, unsure=unsure)


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
