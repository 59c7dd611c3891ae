"""17TRACK (api.17track.net v2.2).

`sign`: the plain hex SHA-256 of the raw body, a slash and the API key. It is no HMAC and signs no time. One
webhook tells the events of each carrier on the way under `providers`; a hand-over shows as two of them.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shipping.carriers import calls, parts, signatures
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import (
    Answer,
    Capabilities,
    CarrierError,
    Credentials,
    Incoming,
    Parsed,
    Reading,
    Secret,
    Wanted,
)

BASE = "https://api.17track.net"
NOT_REGISTERED = -18019902


class SeventeenTrack(Adapter):
    name = "17track"
    capabilities = Capabilities(
        label="17TRACK",
        webhooks=True,
        secrets=(Secret("api_key", "API key"),),
        batch=40,
        per_minute=180,
    )
    page = "https://t.17track.net/en#nums=%s"

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        if not secret:
            return False
        expected = hashlib.sha256(incoming.body + b"/" + secret.encode()).hexdigest()
        return signatures.same(expected, incoming.header("sign").lower())

    def parse(self, body: bytes) -> Parsed:
        event = parts.load(body)
        kind = parts.text(event.get("event"), 40)
        if not kind or not isinstance(event.get("data"), dict):
            raise CarrierError("The body is no 17TRACK event: it needs “event” and “data”.", permanent=True)
        event_id = hashlib.sha256(body).hexdigest()
        return Parsed(event_id, read_track(event["data"]) if kind == "TRACKING_UPDATED" else ())

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        said = self._call("gettrackinfo", [one.number for one in wanted], credentials, now)
        told = [
            reading for row in parts.rows(said.get("accepted"), "accepted") for reading in read_track(row)
        ]
        errors = {
            parts.text(row.get("number"), 60): parts.obj(row.get("error"))
            for row in parts.rows(said.get("rejected"), "rejected")
        }
        new = [number for number, error in errors.items() if error.get("code") == NOT_REGISTERED]
        if new:  # 17TRACK tells only of numbers that it was asked to watch
            self._call("register", new, credentials, now)
        return [
            Answer(
                one.number,
                parts.told_of(one.number, told),
                "" if one.number in new else parts.text(errors.get(one.number, {}).get("message"), 200),
            )
            for one in wanted
        ]

    def _call(self, what: str, numbers: list[str], credentials: Credentials, now: datetime) -> dict[str, Any]:
        said = calls.fetch_json(
            self.name,
            BASE,
            "POST",
            f"/track/v2.2/{what}",
            now=now,
            headers={"17token": credentials.get("api_key", "")},
            json=[{"number": number} for number in numbers],
        )
        if said.get("code") not in (0, None):
            raise CarrierError(
                f"17TRACK answered with code {parts.text(said.get('code'), 20)}.", permanent=True
            )
        return parts.obj(said.get("data"))


def read_track(data: dict[str, Any]) -> tuple[Reading, ...]:
    """What a track object says, of a webhook or of the API."""
    number = parts.number(data.get("number"), "number")
    info = parts.obj(data.get("track_info"))
    told = [
        _reading(event, number, _carrier(provider, data))
        for provider in parts.rows(parts.obj(info.get("tracking")).get("providers"), "providers")
        for event in parts.rows(provider.get("events"), "events")
    ]
    expected = parts.obj(parts.obj(info.get("time_metrics")).get("estimated_delivery_date"))
    return parts.with_eta(told, parts.day(expected.get("to") or expected.get("from")))


def _carrier(provider: dict[str, Any], data: dict[str, Any]) -> str:
    named = parts.obj(provider.get("provider"))
    return parts.text(named.get("alias") or named.get("name") or data.get("carrier"), 40)


def _reading(event: dict[str, Any], number: str, carrier: str) -> Reading:
    said = parts.obj(event.get("address"))
    where = parts.place(
        city=said.get("city") or event.get("location"),
        region=said.get("state"),
        country_code=said.get("country"),
        postal_code=said.get("postal_code"),
    )
    stage, fine = parts.text(event.get("stage"), 80), parts.text(event.get("sub_status"), 80)
    coarse = fine.partition("_")[0]
    return parts.tell(
        "17track",
        number,
        codes=(fine, stage, coarse),
        code=fine or stage,
        when=_moment(event, where),
        where=where,
        carrier=carrier,
        message=event.get("description"),
        payload=event,
    )


def _moment(event: dict[str, Any], where: parts.Place) -> parts.Moment:
    """`time_raw` is what the carrier said; where it names no zone, `time_iso` has one that 17TRACK supposed."""
    raw = parts.obj(event.get("time_raw"))
    day, time, zone = (parts.text(raw.get(key), 20) for key in ("date", "time", "timezone"))
    if day and time and not zone and where.country:
        return parts.moment(f"{day}T{time}", where)
    return parts.moment(event.get("time_iso") or event.get("time_utc"), where)
