"""17TRACK (api.17track.net v2.2).

`sign`: the plain hex SHA-256 of the raw body, a slash and the API key. It is no HMAC and signs no time. One
webhook tells the events of each carrier on the way under `providers`; a hand-over shows as two of them.
"""

import hashlib
from datetime import datetime
from typing import Any

from shipping.carriers import parts, signatures
from shipping.carriers.base import Capabilities, CarrierError, Incoming, Parsed, Reading


class SeventeenTrack:
    name = "17track"
    capabilities = Capabilities(label="17TRACK", webhooks=True)

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
