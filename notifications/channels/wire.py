"""A mail as SMTP takes it. Python's generator writes each header anew, though Django has already encoded and checked it: that was
a fifth of what a mail costs us."""

import re
from collections.abc import Iterator
from email.message import Message
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django.core.mail.message import EmailMessage, sanitize_address

LONGEST = 900  # RFC 5322 lets a line have 998 octets
_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_ENDS = re.compile(rb"\r\n|\r|\n")


def as_bytes(mail: EmailMessage) -> bytes:
    """Raises BadHeaderError, as Django does, for a header of several lines."""
    message: Any = mail.message()
    if mail.attachments or any(len(str(value)) > LONGEST for value in message.values()):
        return bytes(message.as_bytes(linesep="\r\n"))
    return b"".join(_written(message))


def envelope(address: str) -> str:
    return address if _PLAIN.fullmatch(address) else _clean(address)


@lru_cache(maxsize=1024)
def _clean(address: str) -> str:
    return str(sanitize_address(address, "utf-8"))


def _written(part: Message) -> Iterator[bytes]:
    edge = uuid4().hex if part.is_multipart() else ""
    for name, value in part.raw_items():
        more = f'; boundary="{edge}"' if edge and name.lower() == "content-type" else ""
        yield _crlf(f"{name}: {value}{more}\n".encode())
    yield b"\r\n"
    if not edge:
        coded = part["Content-Transfer-Encoding"] in ("quoted-printable", "base64")
        yield _crlf(str(part.get_payload()).encode() if coded else bytes(part.get_payload(decode=True)))
        return
    for inner in part.get_payload():
        yield f"--{edge}\r\n".encode()
        yield from _written(inner)  # type: ignore[arg-type]
        yield b"\r\n"
    yield f"--{edge}--\r\n".encode()


def _crlf(text: bytes) -> bytes:
    return _ENDS.sub(b"\r\n", text)
