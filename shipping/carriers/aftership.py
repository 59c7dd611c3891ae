"""AfterShip Tracking (aftership.com/docs/tracking: webhook, enum).

`aftership-hmac-sha256`: the base64 HMAC-SHA256 of the raw body. AfterShip signs no time.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
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
from shipping.status import TrackingStatus

BASE = "https://api.aftership.com"
PATH = "/tracking/2025-07/trackings"


class AfterShip(Adapter):
    name = "aftership"
    capabilities = Capabilities(
        label="AfterShip",
        webhooks=True,
        secrets=(Secret("api_key", "API key"),),
        batch=50,
        per_minute=120,
    )

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        if not secret:
            return False
        digest = hmac.new(secret.encode(), incoming.body, hashlib.sha256).digest()
        return signatures.same(base64.b64encode(digest).decode(), incoming.header("aftership-hmac-sha256"))

    def parse(self, body: bytes) -> Parsed:
        event = parts.load(body)
        if not parts.text(event.get("event"), 40) or not isinstance(event.get("msg"), dict):
            raise CarrierError("The body is no AfterShip event: it needs “event” and “msg”.", permanent=True)
        event_id = parts.text(event.get("event_id"), 60) or hashlib.sha256(body).hexdigest()
        return Parsed(event_id, read_tracking(event["msg"]))

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        headers = {"as-api-key": credentials.get("api_key", "")}
        asked = {"tracking_numbers": ",".join(one.number for one in wanted), "limit": str(len(wanted) * 2)}
        said = calls.fetch_json(self.name, BASE, "GET", PATH, now=now, headers=headers, params=asked)
        rows = parts.rows(parts.obj(said.get("data")).get("trackings"), "trackings")
        told = [reading for row in rows for reading in read_tracking(row)]
        known = {parts.text(row.get("tracking_number"), 60) for row in rows}
        return [
            Answer(one.number, parts.told_of(one.number, told))
            if one.number in known
            else self._register(one, headers, now)
            for one in wanted
        ]

    def _register(self, one: Wanted, headers: dict[str, str], now: datetime) -> Answer:
        """AfterShip tells only of numbers that it was asked to watch."""
        try:
            body = {"tracking_number": one.number}
            calls.fetch_json(self.name, BASE, "POST", PATH, now=now, headers=headers, json=body)
        except CarrierError as error:
            if not error.permanent or error.status in (401, 403):
                raise
            return Answer(one.number, error=str(error))
        return Answer(one.number)


def read_tracking(tracking: dict[str, Any]) -> tuple[Reading, ...]:
    """What a tracking object says, of a webhook or of the API."""
    number = parts.number(tracking.get("tracking_number"), "tracking_number")
    carrier = parts.text(tracking.get("slug"), 40)
    points = parts.rows(tracking.get("checkpoints"), "checkpoints")
    told = [_reading(point, number, carrier) for point in points if point.get("checkpoint_time")]
    told = _with_point(told, tracking)
    latest = parts.obj(tracking.get("latest_estimated_delivery"))
    eta = latest.get("datetime_max") or latest.get("datetime") or tracking.get("expected_delivery")
    return parts.with_eta(told, parts.day(eta))


def _with_point(told: list[Reading], tracking: dict[str, Any]) -> list[Reading]:
    """AfterShip names the pick-up point and its note (hours, mostly) beside the checkpoints; the newest that waits says them."""
    said = [parts.text(tracking.get(name), 200).strip() for name in ("pickup_location", "pickup_note")]
    waits = [reading for reading in told if reading.status == TrackingStatus.AVAILABLE_FOR_PICKUP]
    if not any(said) or not waits:
        return told
    newest = max(waits, key=lambda reading: reading.occurred_at)
    point = replace(newest, message=", ".join(filter(None, said)))
    return [point if reading is newest else reading for reading in told]


def _reading(point: dict[str, Any], number: str, carrier: str) -> Reading:
    where = parts.place(
        city=point.get("city"),
        region=point.get("state"),
        country_code=point.get("country_iso3") or point.get("country_region"),
        postal_code=point.get("zip") or point.get("postal_code"),
    )
    tag, subtag = parts.text(point.get("tag"), 40), parts.text(point.get("subtag"), 80)
    return parts.tell(
        "aftership",
        number,
        codes=(subtag, tag),
        code=subtag or tag,
        when=parts.moment(point.get("checkpoint_time"), where),
        where=where,
        carrier=parts.text(point.get("slug"), 40) or carrier,
        message=point.get("message"),
        payload=point,
    )
