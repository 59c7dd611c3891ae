"""DHL Shipment Tracking Unified (developer.dhl.com): one key for DHL's many companies, one number a call.

The times of `events` are the scan place's own and name no zone.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shipping.carriers import calls, parts
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import Answer, Capabilities, CarrierError, Credentials, Reading, Secret, Wanted

BASE = "https://api-eu.dhl.com"


class DHL(Adapter):
    name = "dhl"
    capabilities = Capabilities(label="DHL", secrets=(Secret("api_key", "API key"),), per_minute=12)
    page = "https://www.dhl.com/en/home/tracking.html?tracking-id=%s"

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one.number, credentials.get("api_key", ""), now) for one in wanted]

    def _ask(self, number: str, api_key: str, now: datetime) -> Answer:
        try:
            said = calls.fetch_json(
                self.name,
                BASE,
                "GET",
                "/track/shipments",
                now=now,
                headers={"DHL-API-Key": api_key},
                params={"trackingNumber": number},
            )
        except CarrierError as error:
            if error.status != 404:
                raise
            return Answer(number, error=str(error))
        return Answer(number, parts.told_of(number, read(said, number)))


def read(answer: dict[str, Any], number: str) -> tuple[Reading, ...]:
    """Under the number that was asked: DHL may answer with the number of another of its companies."""
    return tuple(
        reading
        for shipment in parts.rows(answer.get("shipments"), "shipments")
        for reading in _shipment(shipment, number)
    )


def _shipment(shipment: dict[str, Any], number: str) -> tuple[Reading, ...]:
    named = parts.obj(parts.obj(shipment.get("details")).get("carrier"))
    carrier = f"DHL {parts.text(named.get('organizationName'), 30)}".strip()
    events = parts.rows(shipment.get("events"), "events")
    if not events and parts.obj(shipment.get("status")).get("timestamp"):
        events = [parts.obj(shipment.get("status"))]
    told = [_reading(event, number, carrier) for event in events if event.get("timestamp")]
    return parts.with_eta(told, parts.day(shipment.get("estimatedTimeOfDelivery")))


def _reading(event: dict[str, Any], number: str, carrier: str) -> Reading:
    said = parts.obj(parts.obj(event.get("location")).get("address"))
    where = parts.place(
        city=said.get("addressLocality"),
        region=said.get("addressRegion"),
        country_code=said.get("countryCode"),
        postal_code=said.get("postalCode"),
    )
    code, status = parts.text(event.get("statusCode"), 40), parts.text(event.get("status"), 80)
    return parts.tell(
        "dhl",
        number,
        codes=(f"{code}:{status}", code),
        code=code or status,
        when=parts.moment(event.get("timestamp"), where),
        where=where,
        carrier=carrier,
        message=event.get("description") or status,
        payload=event,
    )
