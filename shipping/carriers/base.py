"""What a carrier's adapter must do, and the one shape its words are turned into."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

MAPPING_VERSION = 1
"""Of readings that no table of codes has read (staff, warehouse, files, the simulator)."""


@dataclass(frozen=True)
class Reading:
    """One thing a carrier said of one parcel.

    `occurred_at` is aware; `zone` names the zone it was told in, `zone_assumed` that the carrier named none.
    `eta` is a day in the recipient's zone. `shipment_id` is set by sources that know our parcel (warehouse,
    staff, simulator); carriers know only the number. `provider` is the adapter that read it and
    `mapping_version` the version of the table that made `status` of `code`; `code` is the carrier's own and
    never depends on that table, so reading the same words again gives the same fingerprint. `told_at` is the time that was
    told where it cannot be (see `tracking.clock`); `occurred_at` is then ours.
    """

    status: str
    occurred_at: datetime
    carrier: str = ""
    tracking_number: str = ""
    shipment_id: int | None = None
    source: str = "webhook"
    code: str = ""
    message: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    postal_code: str = ""
    zone: str = "UTC"
    zone_assumed: bool = False
    eta: date | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    provider: str = ""
    mapping_version: int = MAPPING_VERSION
    told_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The identity of the fact: the same words about the same moment are one fact, however often told."""
        parts = [
            self.carrier.lower(),
            normal_number(self.tracking_number),
            (self.told_at or self.occurred_at).astimezone(UTC).isoformat(timespec="seconds"),
            self.code or self.status,
            self.message,
            self.city,
            self.country,
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["occurred_at"] = self.occurred_at.isoformat()
        data["told_at"] = self.told_at.isoformat() if self.told_at else None
        data["eta"] = self.eta.isoformat() if self.eta else None
        return json.loads(json.dumps(data, default=str))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Reading":
        fields = dict(data)
        fields["occurred_at"] = datetime.fromisoformat(fields["occurred_at"])
        fields["told_at"] = datetime.fromisoformat(fields["told_at"]) if fields.get("told_at") else None
        fields["eta"] = date.fromisoformat(fields["eta"]) if fields.get("eta") else None
        return cls(**fields)


class CarrierError(Exception):
    """A carrier's answer that cannot be used. `permanent` says that asking again will not help; otherwise
    `retry_after` is how many seconds the carrier asked us to wait, where it said. `status` is its HTTP status,
    0 when there was no answer."""

    def __init__(
        self, message: str, *, permanent: bool, retry_after: int | None = None, status: int = 0
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status


@dataclass(frozen=True)
class Incoming:
    """A webhook's request as it came in: everything that a vendor may have signed."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    path: str = ""

    def header(self, name: str) -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


@dataclass(frozen=True)
class Parsed:
    """A webhook body understood. `event_id` is the provider's own, for deduplication."""

    event_id: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Wanted:
    """A parcel to ask about. `carrier` is the merchant's word for it; some providers must be told."""

    number: str
    carrier: str = ""


@dataclass(frozen=True)
class Answer:
    """What a provider says of one number. `error` is why it says nothing."""

    number: str
    readings: tuple[Reading, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Secret:
    """A field of the credentials that a merchant has with the provider."""

    name: str
    label: str


@dataclass(frozen=True)
class Capabilities:
    """What can be done with a provider. `label` is its name as people know it; `secrets` are what polling
    needs, `batch` how many numbers one call may name, `per_minute` how many calls it allows."""

    label: str
    webhooks: bool = False
    secrets: tuple[Secret, ...] = ()
    batch: int = 1
    per_minute: int = 60

    @property
    def polling(self) -> bool:
        return bool(self.secrets)


Credentials = Mapping[str, str]


class Carrier(Protocol):
    """One file per provider of tracking events implements this and is named in `carriers.registry`."""

    name: str
    capabilities: Capabilities

    def detect(self, number: str) -> bool:
        """Whether the number is in one of this carrier's own formats. Providers of many carriers: never."""
        ...

    def verify(self, incoming: Incoming, secret: str, *, now: datetime) -> bool:
        """Whether the raw body is signed with the secret, and lately where the vendor signs a time.
        Constant-time; False when no secret is set."""
        ...

    def parse(self, body: bytes) -> Parsed:
        """Raises CarrierError(permanent=True) with a reason when the body is no event of this provider."""
        ...

    def poll(self, wanted: Sequence[Wanted], credentials: Credentials, *, now: datetime) -> list[Answer]:
        """One answer for each of at most `capabilities.batch` numbers. Raises CarrierError when the provider
        as a whole refuses or is not there: then nothing is known of any of them."""
        ...

    def tracking_url(self, number: str) -> str:
        """The carrier's own public page of the parcel, or ""."""
        ...


def normal_number(number: str) -> str:
    return "".join(number.split()).replace("-", "").upper()
