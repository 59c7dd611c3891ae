"""What the public tracking page is made of: plain frozen data, all words already chosen."""

from dataclasses import dataclass
from datetime import date

from django.utils.safestring import SafeString

from orders.models import Merchant
from shipping.route.stops import Route
from shipping.status import Wording
from tracker.tracking_words import Step


@dataclass(frozen=True)
class Item:
    name: str
    quantity: int


@dataclass(frozen=True)
class ScanRow:
    time: str
    zone: str
    iso: str
    title: str
    message: str
    place: str
    tone: str


@dataclass(frozen=True)
class Day:
    label: str
    scans: tuple[ScanRow, ...]


@dataclass(frozen=True)
class Where:
    """“Last seen”, a place, and the moment; the last two may be empty."""

    label: str
    place: str
    moment: str


@dataclass(frozen=True)
class Act:
    """A link to the part of the page where the reader can do something about it."""

    to: str
    words: str
    main: bool


@dataclass(frozen=True)
class Parcel:
    key: str
    title: str
    status: str
    says: Wording
    when: str
    late: bool
    steps: tuple[Step, ...]
    carrier: str
    number: str
    items: tuple[Item, ...]
    days: tuple[Day, ...]
    route: Route
    map: SafeString
    where: Where
    coming: bool = False
    carrier_link: str = ""
    pickup: str = ""
    may_rate: bool = False
    score: int = 0
    comment: str = ""
    may_miss: bool = False
    asks_address: bool = False
    told: str = ""
    since: date | None = None
    """The day, where the recipient is, since which its status is so."""
    proof: "Proof | None" = None


@dataclass(frozen=True)
class Proof:
    """Of a delivery, for who has read the customer's own mail or phone."""

    when: str
    place: str
    said: str
    signed_by: str


@dataclass(frozen=True)
class TrackingPage:
    """What may be known at a tier: by whoever has the link no e-mail, phone, name, street or item."""

    merchant: Merchant
    number: str
    placed: str
    going_to: str
    says: Wording
    when: str
    late: bool
    summary: str
    steps: tuple[Step, ...]
    parcels: tuple[Parcel, ...]
    returns: tuple[Parcel, ...]
    unsent: tuple[Item, ...]
    final: bool
    where: Where
    acts: tuple[Act, ...]
    about: str = ""
    """Which of several parcels the headline is about."""
    pickup: str = ""
    record: str = ""
    tier: int = 1
    address: tuple[str, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    """How a code can be sent: channel and the masked address."""
    choices: tuple[tuple[str, str], ...] = ()
    """Where messages are chosen: path and the masked address."""
    scores: tuple[tuple[int, str], ...] = ()
