"""Uploaded text, whatever wrote it: encodings told apart, nothing read into memory whole."""

import codecs
import io
from pathlib import Path
from typing import IO, Any, TextIO

SAMPLE = 65_536
MAX_LINE = 200_000


class Unreadable(ValueError):
    """The file is no text that we can read; the text says what to do."""


def open_text(source: str | Path | IO[bytes]) -> TextIO:
    """A text stream over a path or a binary stream. UTF-8 with or without mark, UTF-16 with mark; else Unreadable."""
    raw: IO[bytes] = Path(source).open("rb") if isinstance(source, str | Path) else source  # noqa: SIM115
    head = raw.read(SAMPLE)
    raw.seek(0)
    return io.TextIOWrapper(_Keep(raw), encoding=_encoding(head), newline="")


class _Keep(io.BufferedReader):
    """A buffered reader over any binary file object (Django's upload files are not quite one)."""

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__(_Raw(raw))


class _Raw(io.RawIOBase):
    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable("This is a spreadsheet file. Save it as “CSV UTF-8” and upload that.")
    if b"\x00" in head:
        raise Unreadable("This is no text file. Save the sheet as “CSV UTF-8” and upload that.")
    return "utf-8-sig"


WRONG_ENCODING = "The file is not UTF-8 from here on. Save it as “CSV UTF-8” and upload it again."
