"""EasyPost trackers (docs.easypost.com: trackers, webhooks; support article on HMAC validation).

v1  `X-Hmac-Signature: hmac-sha256-hex=` and the hex HMAC-SHA256 of the raw body
v2  `X-Hmac-Signature-V2`, the same over timestamp + method + path + body, with `X-Timestamp` (RFC 2822) and
    `X-Path`. Where it is there, even empty, it alone decides: a good v1 does not make up for a bad v2, or what was
    heard once could be sent again at any time and to any address.
The key is the NFKD form of the secret (EasyPost client libraries, `validate_webhook`).
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

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

BASE = "https://api.easypost.com"
PREFIX = "hmac-sha256-hex="


class EasyPost(Adapter):
    name = "easypost"
    capabilities = Capabilities(
        label="EasyPost", webhooks=True, secrets=(Secret("api_key", "API key"),), per_minute=120
    )

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        if not secret:
            return False
        key = unicodedata.normalize("NFKD", secret).encode()
        if "x-hmac-signature-v2" in map(str.lower, incoming.headers):
            return _verify_v2(incoming, key, now)
        expected = PREFIX + signatures.hmac_hex(key, incoming.body)
        return signatures.same(expected, incoming.header("X-Hmac-Signature"))

    def parse(self, body: bytes) -> Parsed:
        event = parts.load(body)
        if not isinstance(event.get("result"), dict):
            raise CarrierError("The body is no EasyPost event: it has no object “result”.", permanent=True)
        event_id = parts.text(event.get("id"), 60)
        if not event_id:
            raise CarrierError("The EasyPost event has no “id”.", permanent=True)
        tracker = event["result"]
        if tracker.get("object") != "Tracker":
            return Parsed(event_id, ())  # other kinds of event are none of ours
        # The id alone is not enough: EasyPost's own test events share one.
        return Parsed(f"{event_id}:{hashlib.sha256(body).hexdigest()[:32]}", read_tracker(tracker))

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one, credentials.get("api_key", ""), now) for one in wanted]

    def _ask(self, one: Wanted, api_key: str, now: datetime) -> Answer:
        """EasyPost answers with the tracker there is when it has one of this number and carrier already."""
        tracker = {"tracking_code": one.number} | ({"carrier": one.carrier} if one.carrier else {})
        said = calls.fetch_json(
            self.name, BASE, "POST", "/v2/trackers", now=now, auth=(api_key, ""), json={"tracker": tracker}
        )
        return Answer(one.number, parts.told_of(one.number, read_tracker(said)))


def _verify_v2(incoming: Incoming, key: bytes, now: datetime) -> bool:
    stamp, path = incoming.header("X-Timestamp"), incoming.header("X-Path")
    try:
        signed_at = parsedate_to_datetime(stamp)
        meant_for = urlsplit(path).path
    except ValueError:
        return False
    if signed_at.tzinfo is None:  # "-0000" means UTC with nothing said of the sender's own zone
        signed_at = signed_at.replace(tzinfo=UTC)
    said = (stamp + incoming.method + path).encode("utf-8", "replace")
    good = signatures.same(
        PREFIX + signatures.hmac_hex(key, said, incoming.body), incoming.header("X-Hmac-Signature-V2")
    )
    return good and meant_for == incoming.path and signatures.fresh(signed_at, now)


def read_tracker(tracker: dict[str, Any]) -> tuple[Reading, ...]:
    """What a tracker object says, of a webhook or of the API."""
    number = parts.number(tracker.get("tracking_code"), "tracking_code")
    details = parts.rows(tracker.get("tracking_details"), "tracking_details")
    status = parts.text(tracker.get("status"), 40)
    if not details and status not in ("", "unknown", "error"):
        details = [{"status": status, "datetime": tracker.get("updated_at"), "message": ""}]
    carrier = parts.text(tracker.get("carrier"), 40)
    told = [_reading(detail, number, carrier) for detail in details]
    return parts.with_eta(told, parts.day(tracker.get("est_delivery_date")))


def _reading(detail: dict[str, Any], number: str, carrier: str) -> Reading:
    said = parts.obj(detail.get("tracking_location"))
    where = parts.place(
        city=said.get("city"),
        region=said.get("state"),
        country_code=said.get("country"),
        postal_code=said.get("zip"),
    )
    status, fine = parts.text(detail.get("status"), 40), parts.text(detail.get("status_detail"), 40)
    return parts.tell(
        "easypost",
        number,
        codes=(f"{status}:{fine}", status),
        code=parts.text(detail.get("carrier_code"), 80) or fine or status,
        when=parts.moment(detail.get("datetime"), where),
        where=where,
        carrier=carrier,
        message=detail.get("message"),
        payload=detail,
    )
