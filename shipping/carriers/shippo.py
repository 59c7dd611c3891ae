"""Shippo tracking (docs.goshippo.com: tracking, webhook security).

`Shippo-Auth-Signature: t=<unix>,v1=<hex>`: the hex HMAC-SHA256 of `t`, a dot and the raw body. Shippo switches
it on when asked. Its webhooks have no id of their own, so the body's hash stands for one.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

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

BASE = "https://api.goshippo.com"


class Shippo(Adapter):
    name = "shippo"
    capabilities = Capabilities(
        label="Shippo", webhooks=True, secrets=(Secret("api_key", "API token"),), per_minute=300
    )

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        if not secret:
            return False
        pairs = [part.strip().partition("=") for part in incoming.header("Shippo-Auth-Signature").split(",")]
        stamp = next((value for key, _, value in pairs if key == "t"), "")
        signed_at = signatures.unix(stamp)
        expected = signatures.hmac_hex(secret.encode(), stamp.encode("utf-8", "replace"), b".", incoming.body)
        good = [signatures.same(expected, value) for key, _, value in pairs if key == "v1"]
        return any(good) and signed_at is not None and signatures.fresh(signed_at, now)

    def parse(self, body: bytes) -> Parsed:
        event = parts.load(body)
        kind = parts.text(event.get("event"), 40)
        if not kind or not isinstance(event.get("data"), dict):
            raise CarrierError("The body is no Shippo event: it needs “event” and “data”.", permanent=True)
        event_id = hashlib.sha256(body).hexdigest()
        return Parsed(event_id, read_track(event["data"]) if kind == "track_updated" else ())

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one, credentials.get("api_key", ""), now) for one in wanted]

    def _ask(self, one: Wanted, api_key: str, now: datetime) -> Answer:
        carrier = "_".join(one.carrier.lower().split())
        if not carrier:
            return Answer(one.number, error="Shippo must be told the carrier; this parcel has none.")
        path = f"/tracks/{quote(carrier, safe='')}/{quote(one.number, safe='')}"
        said = calls.fetch_json(
            self.name, BASE, "GET", path, now=now, headers={"Authorization": f"ShippoToken {api_key}"}
        )
        return Answer(one.number, parts.told_of(one.number, read_track(said)))


def read_track(track: dict[str, Any]) -> tuple[Reading, ...]:
    """What a track object says, of a webhook or of the API."""
    number = parts.number(track.get("tracking_number"), "tracking_number")
    carrier = parts.text(track.get("carrier"), 40)
    steps = list(parts.rows(track.get("tracking_history"), "tracking_history"))
    newest = parts.obj(track.get("tracking_status"))
    if newest and not any(_same_step(newest, step) for step in steps):
        steps.append(newest)
    told = [_reading(step, number, carrier) for step in steps if step.get("status_date")]
    return parts.with_eta(told, parts.day(track.get("eta")))


def _same_step(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("status", "status_date", "status_details"))


def _reading(step: dict[str, Any], number: str, carrier: str) -> Reading:
    said = parts.obj(step.get("location"))
    where = parts.place(
        city=said.get("city"),
        region=said.get("state"),
        country_code=said.get("country"),
        postal_code=said.get("zip"),
    )
    status, fine = (
        parts.text(step.get("status"), 40),
        parts.text(parts.obj(step.get("substatus")).get("code"), 80),
    )
    return parts.tell(
        "shippo",
        number,
        codes=(fine, status),
        code=fine or status,
        when=parts.moment(step.get("status_date"), where),
        where=where,
        carrier=carrier,
        message=step.get("status_details"),
        payload=step,
    )
