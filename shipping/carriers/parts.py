"""Pieces of a vendor's JSON taken apart without trust (pure). Each raises CarrierError with a reason, or
leaves out what it cannot read where nothing depends on it."""

import json
import math
import zoneinfo
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from shipping.carriers.base import CarrierError, Reading, normal_number
from shipping.carriers.countries import ISO3
from shipping.carriers.tables import code_table
from shipping.promise.zones import zone_of

LONGEST_NUMBER = 60
DEEPEST = 60  # lists and objects within each other; no vendor comes near, and Python's own limit depends on who calls


class Place(NamedTuple):
    city: str = ""
    region: str = ""
    country: str = ""
    postal_code: str = ""


NOWHERE = Place()


class Moment(NamedTuple):
    at: datetime
    zone: str
    assumed: bool


def load(body: bytes) -> dict[str, Any]:
    """The body's JSON object, without what a database refuses (NUL, lone surrogates, numbers that are none)."""
    try:
        data = _clean(json.loads(body))
    except RecursionError:
        raise CarrierError("The body is nested too deep.", permanent=True) from None
    except ValueError:
        raise CarrierError("The body is not JSON.", permanent=True) from None
    if not isinstance(data, dict):
        raise CarrierError("The body is no JSON object.", permanent=True)
    return data


def _clean(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if depth > DEEPEST:
        raise RecursionError
    if isinstance(value, dict):
        return {_clean(key): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any, limit: int) -> str:
    return str(value)[:limit] if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def obj(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def rows(value: Any, name: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise CarrierError(f"“{name}” is no list of objects.", permanent=True)
    return value


def number(value: Any, name: str) -> str:
    found = value.strip() if isinstance(value, str) else ""
    if not found or len(found) > LONGEST_NUMBER:
        raise CarrierError(f"There is no tracking number in “{name}”.", permanent=True)
    return found


def country(value: Any) -> str:
    """Two letters, of two or of three; "" for anything else."""
    code = text(value, 10).strip().upper()
    code = ISO3.get(code, code)
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def moment(value: Any, at: Place = NOWHERE) -> Moment:
    """A time without a zone is read in the zone of the place where the scan was made."""
    try:
        found = datetime.fromisoformat(str(value).strip())
        if not 1 < found.year < 9999:
            raise ValueError  # such a time cannot be shown in every zone, and means "none" where it is written
        if found.tzinfo is not None:
            return Moment(found, f"UTC{found:%z}" if found.utcoffset() else "UTC", False)
        zone = zone_of(at.country, at.region)
        found = found.replace(tzinfo=zoneinfo.ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise CarrierError(f"“{str(value)[:40]}” is no time.", permanent=True) from None
    return Moment(found, zone, True)


def day(value: Any) -> date | None:
    """The day as written: a promise is a day where the recipient is, whatever zone it is dressed in."""
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None


def told_of(number: str, readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """The readings of one number, marked as asked for."""
    wanted = normal_number(number)
    return tuple(
        replace(reading, source="poll")
        for reading in readings
        if normal_number(reading.tracking_number) == wanted
    )


def with_eta(readings: Iterable[Reading], eta: date | None) -> tuple[Reading, ...]:
    """The expected day goes with the latest word, wherever that stands in the list."""
    told = tuple(readings)
    if eta is None or not told:
        return told
    latest = max(told, key=lambda reading: (reading.occurred_at, reading.fingerprint))
    return tuple(replace(reading, eta=eta) if reading is latest else reading for reading in told)


def tell(
    provider: str,
    number: str,
    *,
    codes: tuple[str, ...],
    code: str,
    when: Moment,
    where: Place = NOWHERE,
    carrier: str = "",
    message: Any = "",
    payload: dict[str, Any],
) -> Reading:
    """A reading whose status is that of the first of `codes` in the provider's table; `code` is what is kept."""
    table = code_table(provider)
    return Reading(
        status=table.status(*codes),
        occurred_at=when.at,
        zone=when.zone,
        zone_assumed=when.assumed,
        carrier=carrier[:40],
        tracking_number=number,
        code=code[:80],
        message=text(message, 300),
        city=where.city,
        region=where.region,
        country=where.country,
        postal_code=where.postal_code,
        payload=payload,
        provider=provider,
        mapping_version=table.version,
    )


def place(*, city: Any = "", region: Any = "", country_code: Any = "", postal_code: Any = "") -> Place:
    return Place(text(city, 120), text(region, 120), country(country_code), text(postal_code, 20))
