"""Canada Post Tracking (canadapost-postescanada.ca developer program): XML, one number a call, basic auth."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from shipping.carriers import calls, parts
from shipping.carriers.adapter import Adapter
from shipping.carriers.base import Answer, Capabilities, CarrierError, Credentials, Reading, Secret, Wanted

BASE = "https://soa-gw.canadapost.ca"
OFFSETS = {
    "NST": "-03:30", "NDT": "-02:30", "AST": "-04:00", "ADT": "-03:00", "EST": "-05:00", "EDT": "-04:00",
    "CST": "-06:00", "CDT": "-05:00", "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
}  # fmt: skip


class CanadaPost(Adapter):
    name = "canada_post"
    capabilities = Capabilities(
        label="Canada Post",
        secrets=(Secret("username", "API key: user name"), Secret("password", "API key: password")),
        per_minute=60,
    )
    page = "https://www.canadapost-postescanada.ca/track-reperage/en#/resultList?searchFor=%s"

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        return [self._ask(one.number, credentials, now) for one in wanted]

    def _ask(self, number: str, credentials: Credentials, now: datetime) -> Answer:
        try:
            body = calls.fetch(
                self.name,
                BASE,
                "GET",
                f"/vis/track/pin/{quote(number, safe='')}/detail",
                now=now,
                auth=(credentials.get("username", ""), credentials.get("password", "")),
                headers={"Accept": "application/vnd.cpc.track-v2+xml", "Accept-language": "en-CA"},
            )
        except CarrierError as error:
            if error.status != 404:
                raise
            return Answer(number, error=str(error))
        readings, error_words = read(body, number)
        return Answer(number, parts.told_of(number, readings), error_words)


def read(body: bytes, number: str) -> tuple[tuple[Reading, ...], str]:
    """The readings, and the carrier's words where it has none."""
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise CarrierError("The answer defines entities; none of Canada Post's does.", permanent=True)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 (no entities: refused above)
    except (ElementTree.ParseError, ValueError):
        raise CarrierError("The answer is not XML.", permanent=True) from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # the namespace differs by version
    told = [
        _reading({child.tag: (child.text or "").strip() for child in event}, number)
        for event in root.iter("occurrence")
    ]
    changed, expected = root.findtext(".//changed-expected-date"), root.findtext(".//expected-delivery-date")
    messages = [element.text or "" for element in root.iter("description")]
    return parts.with_eta(told, parts.day(changed or expected)), "" if told else "; ".join(messages)[:200]


def _reading(event: dict[str, Any], number: str) -> Reading:
    where = parts.place(city=event.get("event-site"), region=event.get("event-province"), country_code="CA")
    stamp = f"{event.get('event-date')}T{event.get('event-time') or '00:00:00'}"
    offset = OFFSETS.get(event.get("event-time-zone", ""), "")
    code = parts.text(event.get("event-identifier"), 20)
    return parts.tell(
        "canada_post",
        number,
        codes=(code,),
        code=code,
        when=parts.moment(stamp + offset, where),
        where=where,
        carrier="Canada Post",
        message=event.get("event-description"),
        payload=event,
    )
