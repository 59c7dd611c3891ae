"""USPS Tracking v3 (developers.usps.com: OAuth client credentials, tracking).

`eventTimestamp` is the scan place's own time; `GMTOffset` beside it says which zone that was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shipping.carriers import calls, parts
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import Answer, Capabilities, CarrierError, Credentials, Reading, Secret, Wanted

BASE = "https://apis.usps.com"


class USPS(Adapter):
    name = "usps"
    capabilities = Capabilities(
        label="USPS",
        secrets=(Secret("client_id", "Consumer key"), Secret("client_secret", "Consumer secret")),
        per_minute=60,
    )
    page = "https://tools.usps.com/go/TrackConfirmAction?tLabels=%s"

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one.number, credentials, now) for one in wanted]

    def _ask(self, number: str, credentials: Credentials, now: datetime) -> Answer:
        try:
            said = calls.fetch_signed_in(
                self.name,
                BASE,
                "GET",
                f"/tracking/v3/tracking/{quote(number, safe='')}",
                credentials=credentials,
                ask=lambda: self._token(credentials, now),
                now=now,
                params={"expand": "DETAIL"},
            )
        except CarrierError as error:
            if error.status not in (400, 404):  # USPS calls a number that it does not know a bad request
                raise
            return Answer(number, error=str(error)[:200])
        return Answer(number, parts.told_of(number, read(said, number)))

    def _token(self, credentials: Credentials, now: datetime) -> dict[str, Any]:
        asked = {
            "client_id": credentials.get("client_id", ""),
            "client_secret": credentials.get("client_secret", ""),
            "grant_type": "client_credentials",
        }
        return calls.fetch_json(self.name, BASE, "POST", "/oauth2/v3/token", now=now, json=asked)


def read(answer: dict[str, Any], number: str) -> tuple[Reading, ...]:
    told = [
        _reading(event, number)
        for event in parts.rows(answer.get("trackingEvents"), "trackingEvents")
        if event.get("eventTimestamp")
    ]
    expected = parts.obj(answer.get("deliveryDateExpectation"))
    day = expected.get("predictedDeliveryDate") or expected.get("expectedDeliveryDate")
    return parts.with_eta(told, parts.day(day))


def _reading(event: dict[str, Any], number: str) -> Reading:
    where = parts.place(
        city=event.get("eventCity"),
        region=event.get("eventState"),
        country_code=event.get("eventCountry") or "US",
        postal_code=event.get("eventZIP"),
    )
    code = parts.text(event.get("eventCode"), 20)
    return parts.tell(
        "usps",
        number,
        codes=(code,),
        code=code,
        when=parts.moment(f"{event.get('eventTimestamp')}{event.get('GMTOffset') or ''}", where),
        where=where,
        carrier="USPS",
        message=event.get("eventType"),
        payload=event,
    )
