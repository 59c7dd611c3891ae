"""What a board is made of, and the few things that both boards ask."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from orders.models import Merchant, User
from tracker.dashboards.draw import Picture


@dataclass(frozen=True)
class Tile:
    """A number that waits for somebody. `count` is the length of the list at `url`; `text` stands for it where the
    number people want is another one, such as a share."""

    title: str
    count: int
    help: str
    url: str
    icon: str
    tone: str = "calm"
    text: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a panel: what, how many, and the list that shows them. `share` of the panel's largest, 0 to 100."""

    title: str
    count: int
    url: str
    note: str = ""
    share: float = 0
    tone: str = ""


@dataclass(frozen=True)
class Panel:
    key: str
    title: str
    rows: tuple[Row, ...] = ()
    picture: Picture | None = None
    empty: str = ""
    more: tuple[str, str] = ("", "")  # words and address
    wide: bool = False


@dataclass(frozen=True)
class Step:
    """What to do first, for a shop that has nothing yet."""

    title: str
    text: str
    url: str
    icon: str


@dataclass(frozen=True)
class Board:
    name: str
    title: str
    tiles: tuple[Tile, ...]
    panels: tuple[Panel, ...]
    doors: tuple[Step, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass
class Asker:
    """The person, their clock (their shop's; UTC for several shops) and the moment."""

    user: User
    now: datetime
    merchants: list[Merchant] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.merchants = list(Merchant.objects.visible_to(self.user)[:2])
        zones = {merchant.zone for merchant in self.merchants}
        self.zone = ZoneInfo(zones.pop()) if len(zones) == 1 else ZoneInfo("UTC")

    @property
    def midnight(self) -> datetime:
        return self.now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def days_ago(self, days: int) -> datetime:
        """Midnight of that day, by the calendar: days of 23 or 25 hours are days."""
        day = self.midnight.date() - timedelta(days=days)
        return datetime.combine(day, datetime.min.time(), tzinfo=self.zone)


def listed(model: str, **filters: object) -> str:
    """The address of a model's list with these filters on."""
    return reverse(f"admin:{model}_changelist") + (f"?{urlencode(filters)}" if filters else "")


def moment(at: datetime) -> str:
    """As a filter in an address takes it."""
    return at.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def alarm(count: int, tone: str) -> str:
    return tone if count else "calm"


def shares(rows: list[Row]) -> tuple[Row, ...]:
    """The rows with their parts of the largest."""
    most = max([row.count for row in rows], default=0) or 1
    return tuple(
        Row(row.title, row.count, row.url, row.note, round(100 * row.count / most, 1), row.tone)
        for row in rows
    )
