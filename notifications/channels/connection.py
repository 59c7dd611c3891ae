"""One open mail connection a thread, so that a burst of mails logs in once."""

import contextlib
import os
import selectors
import smtplib
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.core.mail.message import EmailMessage

from notifications.channels import wire

IDLE = 60.0  # seconds; servers hang up after some minutes
MOST = 100  # mails; what common servers allow on one connection
_mine = threading.local()


@dataclass
class _Kept:
    backend: BaseEmailBackend
    setup: tuple[object, ...]
    used_at: float = field(default_factory=time.monotonic)
    sent: int = 0
    in_data: bool = False

    def open(self) -> None:
        self.backend.open()
        if isinstance(self.backend, Smtp) and self.backend.connection:
            self._watch(self.backend.connection)

    def _watch(self, server: smtplib.SMTP) -> None:
        """Once the server may have the text, a second try might be a second mail; smtplib does not say which."""
        hand_over = server.data

        def data(msg: Any) -> tuple[int, bytes]:
            self.in_data = True
            return hand_over(msg)

        server.data = data  # type: ignore[method-assign]

    def usable(self) -> bool:
        if self.sent >= MOST or time.monotonic() - self.used_at > IDLE:
            return False
        if not isinstance(self.backend, Smtp):
            return True
        sock = self.backend.connection.sock if self.backend.connection else None
        return sock is not None and not _has_word(sock)

    def send(self, mail: EmailMessage) -> None:
        self.in_data = not isinstance(self.backend, Smtp)
        if type(self.backend) is Smtp and self.backend.connection:
            to = [wire.envelope(address) for address in mail.recipients()]
            self.backend.connection.sendmail(wire.envelope(mail.from_email), to, wire.as_bytes(mail))
        else:
            mail.connection = self.backend
            mail.send()
        self.used_at, self.sent = time.monotonic(), self.sent + 1

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.backend.close()


def send(mail: EmailMessage) -> None:
    """By this thread's connection. One that the server has hung up on is opened again, once, and only while
    the server cannot have the mail. Raises whatever the backend raises."""
    kept = _open_one()
    if kept is None:
        _send_by(_open(), mail)
        return
    try:
        _send_by(kept, mail)
    except (smtplib.SMTPException, OSError) as error:
        if kept.in_data or not _hung_up(error):
            raise
        forget()
        _send_by(_open(), mail)


def handed_over() -> bool:
    """Whether the server may have the mail that this thread has just failed to send."""
    return bool(getattr(_mine, "handed_over", False))


def forget() -> None:
    """Close this thread's connection, if there is one."""
    kept: _Kept | None = getattr(_mine, "kept", None)
    _mine.kept = None
    if kept:
        kept.close()


def _send_by(kept: _Kept, mail: EmailMessage) -> None:
    _mine.handed_over = False
    try:
        kept.send(mail)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
        raise  # the server spoke: smtplib has reset the conversation, or hung up, which `usable` sees
    except BaseException:
        _mine.handed_over = kept.in_data
        forget()
        raise


def _open_one() -> _Kept | None:
    kept: _Kept | None = getattr(_mine, "kept", None)
    if kept and kept.setup == _setup() and kept.usable():
        return kept
    forget()
    return None


def _open() -> _Kept:
    kept = _Kept(get_connection(), _setup())
    _mine.handed_over = False
    try:
        kept.open()
    except BaseException:
        kept.close()
        raise
    _mine.kept = kept
    return kept


def _setup() -> tuple[object, ...]:
    """Another server, or a forked process, needs a connection of its own."""
    return (
        os.getpid(), settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER,
        settings.EMAIL_HOST_PASSWORD, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_TIMEOUT,
        repr(settings.ANYMAIL),
    )  # fmt: skip


def _has_word(sock: Any) -> bool:
    """Between two mails a server has nothing to say but goodbye."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _hung_up(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return any(code == 421 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code == 421
    if isinstance(error.__context__, TimeoutError):
        return False  # it is slow, and would be again
    return isinstance(error, smtplib.SMTPServerDisconnected | ConnectionError)
