"""What the rules know of one parcel, and the moments that follow from it (pure)."""

import zoneinfo
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from orders.handling import business_hours_after
from shipping.lateness.policy import Policy
from shipping.status import TrackingStatus

S = TrackingStatus
AT_THE_DOOR = frozenset({S.ATTEMPT_FAILED, S.AVAILABLE_FOR_PICKUP})
GOING_BACK = frozenset({S.RETURNING, S.RETURNED})


@dataclass(frozen=True)
class Facts:
    """Of one parcel. Moments are aware; `promised_to` and `first_promised_to` are days in `recipient_zone`. `taker` says who
    took it, in the words of the alarm; `words` is the carrier's last word as it is shown, `heard` the same with its code, as it
    is read (`lateness.heard`). `tried_at` is the first time that it was at the recipient's. `report` and `reported_at` are the
    customer's open word about it. `silence_hours` and `risk` are learned, None where too little is known.
    `shop_says_there`: its order is delivered by the shop's own word."""

    stage: str
    tracking_status: str
    ship_by: datetime
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    last_event_at: datetime | None
    status_at: datetime | None
    promised_to: date | None
    recipient_zone: str
    country: str
    zone: str = "UTC"
    taker: str = ""
    report: str = ""
    reported_at: datetime | None = None
    first_promised_to: date | None = None
    words: str = ""
    silence_hours: float | None = None
    risk: float | None = None
    rating: int | None = None
    rated_at: datetime | None = None
    by_supplier: bool = False
    tried_at: datetime | None = None
    heard: str = ""
    shop_says_there: bool = False
    policy: Policy = field(default_factory=Policy)

    @property
    def clock(self) -> zoneinfo.ZoneInfo:
        """The shop's."""
        return zoneinfo.ZoneInfo(self.zone)

    @property
    def read(self) -> str:
        """What the rules read of the carrier's last word."""
        return self.heard or self.words


def deadline(day: date, zone: str) -> datetime:
    """The end (UTC) of a promised day where the recipient is."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def acceptance_due(facts: Facts) -> datetime | None:
    """When the carrier should have scanned what it was handed."""
    if facts.handed_over_at is None:
        return None
    return business_hours_after(
        facts.handed_over_at, facts.policy.acceptance_hours, facts.clock, facts.country
    )


def tried_by(day: date, facts: Facts) -> bool:
    """Whether it was at the recipient's by the end of that day, whatever has become of it since."""
    at_door = facts.status_at if facts.tracking_status in AT_THE_DOOR else None
    tried = min(filter(None, (facts.tried_at, at_door)), default=None)
    return tried is not None and tried < deadline(day, facts.recipient_zone)
