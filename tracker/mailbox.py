"""The development outbox: mails kept as `.eml` files and SMS kept as lines of JSON, newest first."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_binary_file, message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,80}\.eml")
MAX_SEARCHED = 1000  # messages looked through for a search
HEADER_BYTES = 16_384


_FIRST = ("From", "To", "Subject", "Date", "Reply-To")  # of what a mail says of itself


@dataclass(frozen=True)
class Entry:
    """A line of the list. `name` is the mail's file; an SMS has none and is its `text`."""

    at: datetime
    to: str
    subject: str
    name: str = ""
    text: str = ""


@dataclass(frozen=True)
class Mail:
    name: str
    headers: tuple[tuple[str, str], ...]
    subject: str
    text: str
    html: str


def entries(query: str, *, first: int, count: int) -> tuple[list[Entry], bool]:
    """A page of the outbox and whether there is more."""
    wanted = query.casefold()
    found: list[Entry] = []
    for place, entry in enumerate(_newest()):
        if wanted and place >= MAX_SEARCHED:
            break
        if not wanted or wanted in f"{entry.to} {entry.subject} {entry.text}".casefold():
            found.append(entry)
        if len(found) > first + count:
            break
    return found[first : first + count], len(found) > first + count


def read(name: str) -> Mail | None:
    """A mail by its file's name; None for a name that is none: nothing outside the folder can be had."""
    path = _path(name)
    if path is None:
        return None
    with path.open("rb") as file:
        message = message_from_binary_file(file, policy=policy.default)
    shown = [(key, str(value)) for key, value in message.items()]
    shown.sort(key=lambda one: _FIRST.index(one[0]) if one[0] in _FIRST else len(_FIRST))
    return Mail(
        name, tuple(shown), str(message["Subject"] or ""), _part(message, "plain"), _part(message, "html")
    )


def _path(name: str) -> Path | None:
    if not _NAME.fullmatch(name):
        return None
    path = settings.MAIL_DIR / name
    return path if path.is_file() and not path.is_symlink() else None


def _newest() -> Iterator[Entry]:
    """Mails and SMS merged by time. Mails' names begin with their time, so only what is shown is opened."""
    sms = _sms()
    for name in sorted((path.name for path in settings.MAIL_DIR.glob("*.eml")), reverse=True):
        mail = _entry(name)
        if mail is None:
            continue
        while sms and sms[0].at >= mail.at:
            yield sms.pop(0)
        yield mail
    yield from sms


def _entry(name: str) -> Entry | None:
    path = _path(name)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            message = message_from_bytes(file.read(HEADER_BYTES), policy=policy.default)
        return Entry(_written(path), str(message["To"] or ""), str(message["Subject"] or ""), name)
    except OSError:
        return None


def _written(path: Path) -> datetime:
    nanoseconds = path.name.partition("-")[0]
    seconds = (
        int(nanoseconds) / 1e9 if nanoseconds.isdigit() and len(nanoseconds) == 20 else path.stat().st_mtime
    )
    return datetime.fromtimestamp(seconds, UTC)


def _sms() -> list[Entry]:
    path = settings.MAIL_DIR / "sms.jsonl"
    if not path.is_file():
        return []
    lines = path.read_text("utf-8", "replace").splitlines()[-MAX_SEARCHED:]
    return sorted(
        (entry for line in lines if (entry := _sms_entry(line))), key=lambda entry: entry.at, reverse=True
    )


def _sms_entry(line: str) -> Entry | None:
    try:
        said = json.loads(line)
        at = datetime.fromisoformat(said["at"])
        return Entry(
            at if at.tzinfo else at.replace(tzinfo=UTC), str(said["to"]), "SMS", text=str(said["text"])
        )
    except (ValueError, KeyError, TypeError):
        return None


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return body.get_content()
    except (LookupError, ValueError):  # a charset nobody knows
        return body.get_payload(decode=True).decode("utf-8", "replace")  # type: ignore[union-attr]
