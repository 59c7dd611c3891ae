"""What was known of parcels at a moment of the past, as the rules read it: for the queue as of any day, and for what-if."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from orders.models import OrderEvent
from orders.status import OrderStatus
from shipping.lateness.blame import AT_RECIPIENT
from shipping.lateness.facts import Facts
from shipping.lateness.gather import SAID, Said, Shops
from shipping.lateness.policy import Policy
from shipping.models import CustomerReport, Promise, Rating, Shipment, TrackingEvent
from shipping.status import FINAL, Stage
from shipping.tracking.reduce import Event, State, reduce


@dataclass(frozen=True)
class Told:
    """One event with the moment at which we learned of it."""

    event: Event
    received_at: datetime
    said: Said


class Word(NamedTuple):
    """A promise: when it was made, its last day and whose word it was (`Promise.Source`)."""

    made_at: datetime
    day: date
    source: str = Promise.Source.TABLE


@dataclass
class Story:
    """All that there is of one parcel; `told` in the order in which it happened, promises and reports in that in which they were
    made."""

    shipment: Shipment
    told: list[Told]
    promises: list[Word]
    reports: Sequence[CustomerReport] = ()
    rating: Rating | None = None
    called_off_at: datetime | None = None

    def state(self, at: datetime) -> State | None:
        events = [one.event for one in self.told if one.received_at <= at]
        return reduce(events) if events else None

    def facts(self, at: datetime, policy: Policy, shops: Shops) -> Facts:
        """As they were known at that moment, under a policy."""
        shipment, merchant, state = self.shipment, self.shipment.merchant, self.state(at)
        handed = (
            shipment.handed_over_at if shipment.handed_over_at and shipment.handed_over_at <= at else None
        )
        status = state.status if state else "unknown"
        said = self._said(at, status)
        report = self._report(at)
        # Of an earlier score nothing is kept: what it was changed to was not known before.
        rating = self.rating if self.rating and self.rating.changed_at <= at else None
        return Facts(
            stage=self._stage(at),
            tracking_status=status,
            ship_by=shipment.ship_by,
            handed_over_at=handed,
            first_scan_at=state.first_scan_at if state else None,
            last_event_at=state.last_event_at if state else None,
            status_at=state.status_at if state else None,
            promised_to=self._promised(at),
            first_promised_to=self.first_promised(at),
            recipient_zone=shipment.recipient_zone,
            country=merchant.holiday_country,
            zone=merchant.zone,
            taker=shipment.carrier,
            report=report.kind if report else "",
            reported_at=report.created_at if report else None,
            words=said.shown if said else "",
            heard=said.heard if said else "",
            silence_hours=shops.silence(shipment.merchant_id, shipment.carrier, status),
            risk=None,
            rating=rating.score if rating else None,
            rated_at=rating.changed_at if rating else None,
            by_supplier=shipment.by_supplier,
            tried_at=self.tried_at(at),
            policy=policy,
        )

    def tried_at(self, at: datetime) -> datetime | None:
        """The first time that it was at the recipient's, of what was known then."""
        known = (one.event for one in self.told if one.received_at <= at)
        return min((event.occurred_at for event in known if event.status in AT_RECIPIENT), default=None)

    def first_promised(self, at: datetime) -> date | None:
        return next((word.day for word in self.promises if word.made_at <= at), None)

    def over(self, at: datetime) -> bool:
        """Whether nothing more was to be expected of it then."""
        state = self.state(at)
        return bool(state and state.status in FINAL)

    def _promised(self, at: datetime) -> date | None:
        """The first promised day that had passed, else the day in force."""
        known = [word for word in self.promises if word.made_at <= at]
        if not known:
            return None
        for word, until in zip(known, [*(word.made_at for word in known[1:]), at], strict=True):
            if word.day < until.astimezone(ZoneInfo(self.shipment.recipient_zone)).date():
                return word.day
        return known[-1].day

    def _said(self, at: datetime, status: str) -> Said | None:
        """The newest of what had been told of this status by then."""
        known = [one for one in self.told if one.received_at <= at and one.event.status == status]
        return known[-1].said if known else None

    def _stage(self, at: datetime) -> str:
        row = self.shipment
        steps = (
            (self.called_off_at, Stage.VOID),
            (row.handed_over_at, Stage.HANDED_OVER),
            (row.packed_at, Stage.PACKED),
        )
        return next((stage for moment, stage in steps if moment and moment <= at), Stage.OPEN)

    def _report(self, at: datetime) -> CustomerReport | None:
        """The newest that had been made and not yet answered."""
        made = [one for one in self.reports if one.created_at <= at]
        return next((one for one in reversed(made) if one.settled_at is None or one.settled_at > at), None)


def stories(rows: Iterable[Shipment]) -> Iterator[Story]:
    """Four queries for all of them, five where some were called off; `rows` come with their merchant."""
    rows = list(rows)
    ids = [row.pk for row in rows]
    told: dict[int, list[Told]] = defaultdict(list)
    for pk, status, at, key, received, *said in _events(ids):
        told[pk].append(Told(Event(status, at, key), received, Said(*said)))
    promises: dict[int, list[Word]] = defaultdict(list)
    made = Promise.objects.filter(shipment__in=ids).order_by("shipment", "pk")
    for pk, at, day, source in made.values_list("shipment_id", "made_at", "to_day", "source"):
        promises[pk].append(Word(at, day, source))
    reports: dict[int, list[CustomerReport]] = defaultdict(list)
    for one in CustomerReport.objects.filter(shipment__in=ids).order_by("created_at", "pk"):
        reports[one.shipment_id].append(one)
    ratings = {rating.shipment_id: rating for rating in Rating.objects.filter(shipment__in=ids)}
    ended = _called_off([row for row in rows if row.stage == Stage.VOID])
    for row in rows:
        pk = row.pk
        yield Story(row, told[pk], promises[pk], reports[pk], ratings.get(pk), ended.get(pk))


def _called_off(rows: Sequence[Shipment]) -> dict[int, datetime]:
    """When each was called off, which is when its order was."""
    if not rows:
        return {}
    told = OrderEvent.objects.filter(
        order__in=[row.order_id for row in rows], kind=OrderEvent.Kind.STATUS, new=OrderStatus.CANCELLED
    )
    at = dict(told.order_by("-pk").values_list("order", "recorded_at"))
    return {row.pk: at.get(row.order_id, row.created_at) for row in rows}


def _events(ids: Sequence[int]) -> Any:
    rows = TrackingEvent.objects.filter(shipment__in=ids).order_by("shipment", "occurred_at", "pk")
    return rows.values_list("shipment_id", "status", "occurred_at", "fingerprint", "received_at", *SAID)
