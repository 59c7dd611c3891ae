"""One pull of a scanner's trigger, and what a mode of the station makes of it."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from orders.models import Merchant, User
from shipping.models import Scan, Shipment, ShipmentLine

OLDEST = timedelta(days=7)
SOON = timedelta(seconds=30)


@dataclass(frozen=True)
class Pull:
    """`subject` names what the station is working on: a parcel's code, a wave's or a manifest's id.
    `scanned_at` is the station's clock, which may be wrong or, after a time offline, long ago; use `at`."""

    user: User
    merchants: QuerySet[Merchant]
    code: str
    mode: str
    client_id: uuid.UUID
    now: datetime
    scanned_at: datetime
    station: str = ""
    subject: str = ""

    @property
    def at(self) -> datetime:
        """When it was scanned, as far as the station can be believed: never later than now."""
        return self.scanned_at if self.now - OLDEST <= self.scanned_at <= self.now else self.now

    @property
    def waited(self) -> bool:
        """Whether it lay in the station's queue: nobody could be told at the time what was wrong with it."""
        return self.now - self.at > SOON


@dataclass(frozen=True)
class Judged:
    """What came of a pull. `by` and `at` tell of the earlier scan when this one repeats it; `shown` is for the
    station's screen only and is not kept."""

    outcome: str
    code: str
    shipment: Shipment | None = None
    merchant_id: int | None = None
    line: ShipmentLine | None = None
    details: dict[str, Any] = field(default_factory=dict)
    undoes: Scan | None = None
    by: str = ""
    at: datetime | None = None
    shown: dict[str, Any] = field(default_factory=dict)
