"""UPS Tracking (developer.ups.com: OAuth client credentials, Track v1).

Times are the scan place's own; newer answers add `gmtOffset`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from shipping.carriers import calls, parts
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import Answer, Capabilities, CarrierError, Credentials, Reading, Secret, Wanted

BASE = "https://onlinetools.ups.com"


class UPS(Adapter):
    name = "ups"
    capabilities = Capabilities(
        label="UPS",
        secrets=(Secret("client_id", "Client ID"), Secret("client_secret", "Client secret")),
        per_minute=100,
    )
    page = "https://www.ups.com/track?tracknum=%s"

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one.number, credentials, now) for one in wanted]

    def _ask(self, number: str, credentials: Credentials, now: datetime) -> Answer:
        try:
            said = calls.fetch_signed_in(
                self.name,
                BASE,
                "GET",
                f"/api/track/v1/details/{quote(number, safe='')}",
                credentials=credentials,
                ask=lambda: self._token(credentials, now),
                now=now,
                headers={"transId": uuid4().hex, "transactionSrc": "tracker"},
                params={"locale": "en_US"},
            )
        except CarrierError as error:
            if error.status != 404:
                raise
            return Answer(number, error=str(error))
        return Answer(number, parts.told_of(number, read(said, number)), warning(said))

    def _token(self, credentials: Credentials, now: datetime) -> dict[str, Any]:
        return calls.fetch_json(
            self.name,
            BASE,
            "POST",
            "/security/v1/oauth/token",
            now=now,
            auth=(credentials.get("client_id", ""), credentials.get("client_secret", "")),
            data={"grant_type": "client_credentials"},
        )


def _shipments(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return parts.rows(parts.obj(answer.get("trackResponse")).get("shipment"), "shipment")


def warning(answer: dict[str, Any]) -> str:
    """Why UPS has nothing to say of the number, where it says so beside a good answer."""
    for shipment in _shipments(answer):
        for row in parts.rows(shipment.get("warnings"), "warnings"):
            if not shipment.get("package"):
                return parts.text(row.get("message"), 200)
    return ""


def read(answer: dict[str, Any], number: str) -> tuple[Reading, ...]:
    """Every package's scans under the number that was asked: a shipment of many has one number for each."""
    return tuple(
        reading
        for shipment in _shipments(answer)
        for package in parts.rows(shipment.get("package"), "package")
        for reading in _package(package, number)
    )


def _package(package: dict[str, Any], number: str) -> tuple[Reading, ...]:
    told = [
        _reading(scan, number) for scan in parts.rows(package.get("activity"), "activity") if scan.get("date")
    ]
    days = {
        parts.text(row.get("type"), 10): parts.day(row.get("date"))
        for row in parts.rows(package.get("deliveryDate"), "deliveryDate")
    }
    return parts.with_eta(told, days.get("RDD") or days.get("SDD"))  # rescheduled, else scheduled


def _reading(scan: dict[str, Any], number: str) -> Reading:
    said = parts.obj(parts.obj(scan.get("location")).get("address"))
    where = parts.place(
        city=said.get("city"),
        region=said.get("stateProvince"),
        country_code=said.get("countryCode") or said.get("country"),
        postal_code=said.get("postalCode"),
    )
    status = parts.obj(scan.get("status"))
    kind, code = parts.text(status.get("type"), 10), parts.text(status.get("code"), 20)
    stamp = f"{scan.get('date')}T{scan.get('time') or '000000'}{scan.get('gmtOffset') or ''}"
    return parts.tell(
        "ups",
        number,
        codes=(f"{kind}:{code}", kind),
        code=f"{kind}:{code}",
        when=parts.moment(stamp, where),
        where=where,
        carrier="UPS",
        message=parts.text(status.get("description"), 300).strip(),
        payload=scan,
    )
