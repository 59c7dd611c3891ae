"""Past parcels from a CSV file, plain or gzipped.

Columns: shipment_id, carrier, service, origin_region, destination_region, handed_over_at, delivered_at, promised_at,
weight_g. Times are ISO 8601. One that names no zone is in the zone of its row's hand-over; a hand-over without one is taken
as it stands (as UTC). Rows may come in any order; service, promised_at, weight_g and delivered_at may be empty.
"""

import csv
import gzip
import io
import zlib
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from shipping.promise.transit import History

COLUMNS = ("shipment_id", "carrier", "service", "origin_region", "destination_region", "handed_over_at", "delivered_at",
           "promised_at", "weight_g")  # fmt: skip


class SheetError(ValueError):
    """The file is not what it should be; the message names the line and what to do."""


def read_history(path: Path) -> History:
    """Raises SheetError, and OSError when there is no such file."""
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            return _read(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""))
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SheetError(f"{path.name} is no CSV file in UTF-8, or is cut off: {error}") from error
    except csv.Error as error:
        raise SheetError(f"{path.name} is no sound CSV file: {error}") from error


def _read(lines: io.TextIOWrapper) -> History:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise SheetError(f"The first line must name the columns; missing: {', '.join(missing)}.")
    rows = [_row(row, reader.line_num) for row in reader]
    rows.sort(key=lambda row: row[4])
    columns: list[Any] = [np.array(column) for column in zip(*rows, strict=True)] if rows else []
    if not columns:
        raise SheetError("The file has no rows.")
    return History(*columns[:4], *(column.astype(float) for column in columns[4:]))


def _row(row: dict[str, Any], line: int) -> tuple[str, str, str, str, float, float, float]:
    handed = _moment(row, "handed_over_at", line, UTC)
    if handed is None:
        raise SheetError(f"Line {line}: handed_over_at is empty.")
    delivered, promised = (
        _moment(row, name, line, handed.tzinfo) for name in ("delivered_at", "promised_at")
    )
    lead = float("nan")
    if promised is not None:
        midnight = promised.replace(hour=0, minute=0, second=0, microsecond=0)
        lead = days_since_1970(midnight + timedelta(days=1)) - days_since_1970(
            handed
        )  # kept until the day is over
    text = tuple(
        (row[name] or "").strip() for name in ("carrier", "service", "origin_region", "destination_region")
    )
    return (*text, days_since_1970(handed), days_since_1970(delivered) if delivered else float("nan"), lead)  # type: ignore[return-value]


def _moment(row: dict[str, Any], name: str, line: int, zone: tzinfo | None) -> datetime | None:
    text = (row[name] or "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if not 1970 <= moment.year < 2200:
            raise ValueError
    except ValueError:
        raise SheetError(f"Line {line}: {name} “{text[:40]}” is no time in ISO 8601.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def days_since_1970(moment: datetime) -> float:
    return moment.timestamp() / 86_400
