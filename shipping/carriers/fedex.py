"""FedEx Track v1 (developer.fedex.com: OAuth client credentials, up to 30 numbers a call). Its scans name their zone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shipping.carriers import calls, parts
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import Answer, Capabilities, Credentials, Reading, Secret, Wanted

BASE = "https://apis.fedex.com"


class FedEx(Adapter):
    name = "fedex"
    capabilities = Capabilities(
        label="FedEx",
        secrets=(Secret("client_id", "API key"), Secret("client_secret", "Secret key")),
        batch=30,
        per_minute=60,
    )
    page = "https://www.fedex.com/fedextrack/?trknbr=%s"

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        asked = [{"trackingNumberInfo": {"trackingNumber": one.number}} for one in wanted]
        said = calls.fetch_signed_in(
            self.name,
            BASE,
            "POST",
            "/track/v1/trackingnumbers",
            credentials=credentials,
            ask=lambda: self._token(credentials, now),
            now=now,
            json={"includeDetailedScans": True, "trackingInfo": asked},
        )
        told, errors = read(said), refused(said)
        return [
            Answer(one.number, found, "" if found else errors.get(one.number, ""))
            for one in wanted
            for found in [parts.told_of(one.number, told)]
        ]

    def _token(self, credentials: Credentials, now: datetime) -> dict[str, Any]:
        asked = {
            "grant_type": "client_credentials",
            "client_id": credentials.get("client_id", ""),
            "client_secret": credentials.get("client_secret", ""),
        }
        return calls.fetch_json(self.name, BASE, "POST", "/oauth/token", now=now, data=asked)


def _results(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    output = parts.obj(answer.get("output"))
    return [
        (parts.text(complete.get("trackingNumber"), 60), result)
        for complete in parts.rows(output.get("completeTrackResults"), "completeTrackResults")
        for result in parts.rows(complete.get("trackResults"), "trackResults")
    ]


def refused(answer: dict[str, Any]) -> dict[str, str]:
    """Why FedEx has nothing to say, by number."""
    return {
        number: parts.text(parts.obj(result.get("error")).get("message"), 200)
        for number, result in _results(answer)
        if result.get("error")
    }


def read(answer: dict[str, Any]) -> tuple[Reading, ...]:
    return tuple(reading for number, result in _results(answer) for reading in _result(result, number))


def _result(result: dict[str, Any], number: str) -> tuple[Reading, ...]:
    told = [
        _reading(scan, number)
        for scan in parts.rows(result.get("scanEvents"), "scanEvents")
        if scan.get("date")
    ]
    days = {
        parts.text(row.get("type"), 40): row.get("dateTime")
        for row in parts.rows(result.get("dateAndTimes"), "dateAndTimes")
    }
    window = parts.obj(parts.obj(result.get("estimatedDeliveryTimeWindow")).get("window"))
    return parts.with_eta(told, parts.day(days.get("ESTIMATED_DELIVERY") or window.get("ends")))


def _reading(scan: dict[str, Any], number: str) -> Reading:
    said = parts.obj(scan.get("scanLocation"))
    where = parts.place(
        city=said.get("city"),
        region=said.get("stateOrProvinceCode"),
        country_code=said.get("countryCode"),
        postal_code=said.get("postalCode"),
    )
    kind, why = parts.text(scan.get("eventType"), 20), parts.text(scan.get("exceptionCode"), 20)
    derived = parts.text(scan.get("derivedStatusCode"), 20)
    message = scan.get("exceptionDescription") or scan.get("eventDescription")
    return parts.tell(
        "fedex",
        number,
        codes=(f"{kind}:{why}", kind, derived),
        code=f"{kind}:{why}" if why else kind,
        when=parts.moment(scan.get("date"), where),
        where=where,
        carrier="FedEx",
        message=message,
        payload=scan,
    )
