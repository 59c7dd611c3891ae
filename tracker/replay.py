"""Runs orders and what happened to them through the portal as a clock: each thing at its own time, by the same
doors as in life. The portal's `now` is the time of the thing that happens."""

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import transaction

from orders.intake.sheet import SheetOrder, read_orders
from orders.intake.text import Unreadable, open_text
from orders.lifecycle import InvalidMove, change_status
from orders.models import Merchant, Order
from orders.place import Refused, place
from orders.status import OrderStatus
from shipping.carriers.base import Reading
from shipping.models import Shipment
from shipping.status import TrackingStatus
from shipping.tracking.record import record

BY_PEOPLE = {
    "approved": OrderStatus.PROCESSING,
    "cancelled": OrderStatus.CANCELLED,
    "returned": OrderStatus.RETURNED,
}


@dataclass(frozen=True)
class Happening:
    """A row of the event file. `what` is approved, cancelled, returned or one of the 15 tracking statuses."""

    at: datetime
    order_id: str
    what: str
    message: str = ""
    city: str = ""
    region: str = ""
    country: str = ""


@dataclass
class Count:
    placed: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    events: int = 0
    repeated: int = 0
    moves_refused: Counter[str] = field(default_factory=Counter)
    of_refused_orders: int = 0
    placing_seconds: float = 0.0
    event_seconds: float = 0.0


def read_happenings(path: Path, merchant: Merchant) -> Iterator[Happening]:
    """Raises Unreadable when a row is none."""
    with open_text(path) as lines:
        for number, row in enumerate(csv.DictReader(lines), 2):
            try:
                at = datetime.fromisoformat(row["at"])
                what = row["what"]
                if what not in BY_PEOPLE and what not in TrackingStatus.values:
                    raise ValueError(f"“{what}” is nothing that can happen")
                rest = {name: row.get(name) or "" for name in ("message", "city", "region", "country")}
                yield Happening(
                    at if at.tzinfo else at.replace(tzinfo=merchant.tz), row["order_id"], what, **rest
                )
            except (KeyError, ValueError, TypeError) as error:
                raise Unreadable(f"{path.name}, row {number}: {error}") from None


class Replay:
    """`wait(until)` is called before each happening and may sleep; `speed` 0 never waits."""

    def __init__(self, merchant: Merchant, *, wait: Callable[[datetime], None] = lambda until: None) -> None:
        self.merchant = merchant
        self.wait = wait
        self.count = Count()
        self.parcel_of: dict[str, tuple[int, int]] = {}
        self.refused: set[str] = set()
        self.early: dict[str, list[Happening]] = {}

    def run(self, orders: Path, happenings: Path) -> Iterator[Count]:
        """Yields the counts after each thing that happened."""
        with open_text(orders) as lines:
            sheets = read_orders(lines, zone=self.merchant.tz)
            for thing in _by_time(sheets, read_happenings(happenings, self.merchant)):
                if isinstance(thing, SheetOrder):
                    self._place(thing)
                else:
                    self._happen(thing)
                yield self.count

    def _place(self, sheet: SheetOrder) -> None:
        began = time.perf_counter()
        try:
            if sheet.order is None:
                raise _Unreadable(sheet)
            self.wait(sheet.order.placed_at)
            placed = place(sheet.order, merchant=self.merchant, now=sheet.order.placed_at, actor="replay")
        except (Refused, _Unreadable) as refused:
            self.refused.add(sheet.external_id)
            self.count.refused[_reason(sheet, refused)] += 1
            return
        finally:
            self.count.placing_seconds += time.perf_counter() - began
        self.count.placed += placed.created
        self.count.known += not placed.created
        parcel = (
            Shipment.objects.filter(order=placed.order).order_by("position").values_list("pk", flat=True)[0]
        )
        self.parcel_of[sheet.external_id] = (placed.order.pk, parcel)
        # Real data has hand-overs before the purchase: they are told once there is an order to tell them of.
        for thing in self.early.pop(sheet.external_id, []):
            self._happen(thing)

    def _happen(self, thing: Happening) -> None:
        if thing.order_id in self.refused:
            self.count.of_refused_orders += 1
            return
        if thing.order_id not in self.parcel_of:
            self.early.setdefault(thing.order_id, []).append(thing)
            return
        self.wait(thing.at)
        began = time.perf_counter()
        order_id, parcel = self.parcel_of[thing.order_id]
        if thing.what in BY_PEOPLE:
            try:
                change_status(order_id, BY_PEOPLE[thing.what], actor="replay", now=thing.at)
            except InvalidMove as error:
                self.count.moves_refused[str(error).partition(" is ")[2]] += 1
        else:
            self._scan(thing, parcel)
        self.count.event_seconds += time.perf_counter() - began

    def _scan(self, thing: Happening, parcel: int) -> None:
        reading = Reading(
            status=thing.what, occurred_at=thing.at, shipment_id=parcel, source="csv", code=thing.what, message=thing.message,
            city=thing.city, region=thing.region, country=thing.country, zone=self.merchant.zone, zone_assumed=True,
        )  # fmt: skip
        done = record([reading], merchant=self.merchant, now=thing.at, actor="replay")
        self.count.events += done.added
        self.count.repeated += done.repeated


class _Unreadable(Exception):
    def __init__(self, sheet: SheetOrder) -> None:
        self.problems = sheet.problems


def _reason(sheet: SheetOrder, refused: Refused | _Unreadable) -> str:
    places = [p if not isinstance(refused, Refused) else sheet.locate(p) for p in refused.problems]  # type: ignore[arg-type]
    return "; ".join(sorted({f"{p.column} {p.message}".strip() for p in places}))  # type: ignore[union-attr]


def _by_time(
    sheets: Iterator[SheetOrder], happenings: Iterator[Happening]
) -> Iterator[SheetOrder | Happening]:
    """Both files in one stream by time; at the same moment the order comes first. Each file is sorted by time."""
    sheet, thing = next(sheets, None), next(happenings, None)
    while sheet or thing:
        if sheet and (thing is None or sheet.order is None or sheet.order.placed_at <= thing.at):
            yield sheet
            sheet = next(sheets, None)
        elif thing:
            yield thing
            thing = next(happenings, None)


def differences(merchant: Merchant, expected: Path) -> tuple[int, Counter[str]]:
    """How many orders of the merchant have the status that the file says, and which differ and how."""
    wanted: dict[str, str] = {}
    with open_text(expected) as lines:
        wanted = {row["order_id"]: row["status"] for row in csv.DictReader(lines)}
    right, wrong = 0, Counter[str]()
    rows = Order.objects.filter(merchant=merchant, source="csv").values_list("external_id", "status")
    for external_id, status in rows.iterator(chunk_size=2000):
        if external_id not in wanted:
            continue
        if wanted[external_id] == status:
            right += 1
        else:
            wrong[f"{status} where the data says {wanted[external_id]}"] += 1
    return right, wrong


@transaction.atomic
def replay_merchant(slug: str, *, zone: str, country: str, currency: str, notify: bool) -> Merchant:
    """The merchant that a replay runs for, made when it is not there."""
    merchant, created = Merchant.objects.get_or_create(
        slug=slug,
        defaults={
            "name": slug.title(), "zone": zone, "currency": currency, "holiday_country": country,
            "order_prefix": slug[:3].upper() + "-", "notify_email": notify, "handling_days": 3,
        },
    )  # fmt: skip
    if not created and merchant.notify_email != notify:
        merchant.notify_email = notify
        merchant.save(update_fields=["notify_email"])
    return merchant
