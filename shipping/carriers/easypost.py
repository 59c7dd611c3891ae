"""EasyPost trackers by webhook (docs.easypost.com: trackers, webhooks).

Signature: `X-Hmac-Signature: hmac-sha256-hex=` and the hex HMAC-SHA256 of the raw body under the NFKD form
of the secret (EasyPost client libraries, `validate_webhook`).
"""

import hashlib
import hmac
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from shipping.carriers.base import CarrierError, Parsed, Reading
from shipping.status import TrackingStatus as S

STATUS = {
    "unknown": S.UNKNOWN,
    "error": S.UNKNOWN,
    "pre_transit": S.PRE_TRANSIT,
    "in_transit": S.IN_TRANSIT,
    "out_for_delivery": S.OUT_FOR_DELIVERY,
    "available_for_pickup": S.AVAILABLE_FOR_PICKUP,
    "delivered": S.DELIVERED,
    "return_to_sender": S.RETURNING,
    "failure": S.EXCEPTION,
    "cancelled": S.CANCELLED,
}
DETAIL = {
    "pickup": S.PICKED_UP,
    "picked_up": S.PICKED_UP,
    "received_at_origin_facility": S.PICKED_UP,
    "delivery_attempted": S.ATTEMPT_FAILED,
    "attempted_delivery": S.ATTEMPT_FAILED,
    "recipient_unavailable": S.ATTEMPT_FAILED,
    "delayed": S.DELAYED,
    "weather_delay": S.DELAYED,
    "missorted": S.DELAYED,
    "held": S.ON_HOLD,
    "customs_hold": S.ON_HOLD,
    "package_held": S.ON_HOLD,
    "held_for_pickup": S.AVAILABLE_FOR_PICKUP,
    "damaged": S.EXCEPTION,
    "lost": S.EXCEPTION,
    "package_damaged": S.EXCEPTION,
    "returned": S.RETURNED,
    "returned_to_sender": S.RETURNED,
}
"""`status_detail` words that say more than the status beside them."""

REFINABLE = {S.IN_TRANSIT, S.EXCEPTION, S.RETURNING, S.UNKNOWN}


class EasyPost:
    name = "easypost"

    def verify(self, body: bytes, headers: Mapping[str, str], secret: str) -> bool:
        if not secret:
            return False
        key = unicodedata.normalize("NFKD", secret).encode()
        expected = "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()
        given = headers.get("X-Hmac-Signature", "")
        return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))

    def parse(self, body: bytes) -> Parsed:
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            raise CarrierError("The body is not JSON.", permanent=True) from None
        if not isinstance(event, dict) or not isinstance(event.get("result"), dict):
            raise CarrierError("The body is no EasyPost event: it has no object “result”.", permanent=True)
        tracker = event["result"]
        event_id = str(event.get("id") or "")[:60]
        if not event_id:
            raise CarrierError("The EasyPost event has no “id”.", permanent=True)
        if tracker.get("object") != "Tracker":
            return Parsed(event_id, ())  # other kinds of event are none of ours
        # The id alone is not enough: EasyPost's own test events share one.
        return Parsed(f"{event_id}:{hashlib.sha256(body).hexdigest()[:32]}", tuple(_readings(tracker)))


def _readings(tracker: dict[str, Any]) -> list[Reading]:
    number, carrier = tracker.get("tracking_code"), str(tracker.get("carrier") or "")
    if not isinstance(number, str) or not number:
        raise CarrierError("The tracker has no “tracking_code”.", permanent=True)
    details = tracker.get("tracking_details") or []
    if not isinstance(details, list) or not all(isinstance(detail, dict) for detail in details):
        raise CarrierError("“tracking_details” is no list of objects.", permanent=True)
    eta = _day(tracker.get("est_delivery_date"))
    if not details and map_status(str(tracker.get("status") or ""), "") != S.UNKNOWN:
        details = [{"status": tracker["status"], "datetime": tracker.get("updated_at"), "message": ""}]
    return [
        _reading(detail, number, carrier, eta if index == len(details) - 1 else None)
        for index, detail in enumerate(details)
    ]


def _reading(detail: dict[str, Any], number: str, carrier: str, eta: date | None) -> Reading:
    place = detail.get("tracking_location") or {}
    if not isinstance(place, dict):
        place = {}
    when, zone, assumed = _moment(detail.get("datetime"))
    return Reading(
        status=map_status(str(detail.get("status") or ""), str(detail.get("status_detail") or "")),
        occurred_at=when,
        zone=zone,
        zone_assumed=assumed,
        carrier=carrier[:40],
        tracking_number=number[:60],
        code=str(detail.get("carrier_code") or detail.get("status_detail") or "")[:80],
        message=str(detail.get("message") or "")[:300],
        city=str(place.get("city") or "")[:120],
        region=str(place.get("state") or "")[:120],
        country=str(place.get("country") or "")[:2].upper(),
        postal_code=str(place.get("zip") or "")[:20],
        eta=eta,
        payload=detail,
    )


def map_status(status: str, detail: str) -> S:
    mapped = STATUS.get(status.lower(), S.UNKNOWN)
    return DETAIL.get(detail.lower(), mapped) if mapped in REFINABLE else mapped


def _moment(value: Any) -> tuple[datetime, str, bool]:
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC), "UTC", True
        moment.astimezone(UTC)  # a year 1 or 9999 cannot be moved between zones
    except (ValueError, OverflowError):
        raise CarrierError(f"“{str(value)[:40]}” is no time.", permanent=True) from None
    return moment, f"UTC{moment:%z}" if moment.utcoffset() else "UTC", False


def _day(value: Any) -> date | None:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        return None
