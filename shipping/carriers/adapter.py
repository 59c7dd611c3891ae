"""What most adapters have in common: each says what it can do and writes only that."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from shipping.carriers.base import (
    Answer,
    Capabilities,
    CarrierError,
    Credentials,
    Incoming,
    Parsed,
    Wanted,
    normal_number,
)
from shipping.carriers.detect import detect


class Adapter:
    name: str
    capabilities: Capabilities
    page = ""
    """The public page of a parcel, with %s for its number."""

    def detect(self, number: str) -> bool:
        return any(candidate.carrier == self.name for candidate in detect(number))

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        return False

    def parse(self, body: bytes) -> Parsed:
        raise CarrierError(f"{self.capabilities.label} sends no webhooks.", permanent=True)

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        raise CarrierError(f"{self.capabilities.label} cannot be asked.", permanent=True)

    def tracking_url(self, number: str) -> str:
        return self.page.replace("%s", quote(normal_number(number), safe="")) if self.page else ""
