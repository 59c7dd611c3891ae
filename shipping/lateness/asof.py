"""What was known of parcels at a moment of the past, as the rules read it: for the queue as of any day, and for what-if."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

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
    """All that there is of one parcel; `told` in the order in which it happened, `promises` in that in which they were made."""

    shipment: Shipment
    told: list[Told]
    promises: list[Word]
    report: CustomerReport | None = None
    rating: Rating | None = None

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
        report = self.report if self.report and self.report.created_at <= at else None
        rating = self.rating if self.rating and self.rating.created_at <= at else None
        return Facts(
            stage=Stage.HANDED_OVER if handed else _stage(shipment, at),
            tracking_status=status,
            ship_by=shipment.ship_by,
            handed_over_at=handed,
            first_scan_at=state.first_scan_at if state else None,
            last_event_at=state.last_event_at if state else None,
            status_at=state.status_at if state else None,
            promised_to=self._promised(at),
            first_promised_to=self.promises[0].day if self.promises else None,
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
            rated_at=rating.created_at if rating else None,
            by_supplier=shipment.by_supplier,
            tried_at=self.tried_at(at),
            policy=policy,
        )

    def tried_at(self, at: datetime) -> datetime | None:
        """The first time that it was at the recipient's, of what was known then."""
        known = (one.event for one in self.told if one.received_at <= at)
        return min((event.occurred_at for event in known if event.status in AT_RECIPIENT), default=None)

    def over(self, at: datetime) -> bool:
        """Whether nothing more was to be expected of it then."""
        state = self.state(at)
        return bool(state and state.status in FINAL)

    def _promised(self, at: datetime) -> date | None:
        """The first promised day that had passed, else the day in force."""
        known = [word for word in self.promises if word.made_at <= at]
        for word, until in zip(known, [*(word.made_at for word in known[1:]), at], strict=True):
            if word.day < until.astimezone(ZoneInfo(self.shipment.recipient_zone)).date():
                return word.day
        return known[-1].day if known else None

    def _said(self, at: datetime, status: str) -> Said | None:
        """The newest of what had been told of this status by then."""
        known = [one for one in self.told if one.received_at <= at and one.event.status == status]
        return known[-1].said if known else None


def _stage(shipment: Shipment, at: datetime) -> str:
    if shipment.stage == Stage.VOID:
        return Stage.VOID
    return Stage.PACKED if shipment.packed_at and shipment.packed_at <= at else Stage.OPEN


def stories(rows: Iterable[Shipment]) -> Iterator[Story]:
    """Four queries for all of them; `rows` come with their merchant."""
    rows = list(rows)
    ids = [row.pk for row in rows]
    told: dict[int, list[Told]] = defaultdict(list)
    for pk, status, at, key, received, *said in _events(ids):
        told[pk].append(Told(Event(status, at, key), received, Said(*said)))
    promises: dict[int, list[Word]] = defaultdict(list)
    made = Promise.objects.filter(shipment__in=ids).order_by("shipment", "pk")
    for pk, at, day, source in made.values_list("shipment_id", "made_at", "to_day", "source"):
        promises[pk].append(Word(at, day, source))
    reports = {
        one.shipment_id: one for one in CustomerReport.objects.filter(shipment__in=ids).order_by("-pk")
    }
    ratings = {one.shipment_id: one for one in Rating.objects.filter(shipment__in=ids)}
    for row in rows:
        yield Story(row, told[row.pk], promises[row.pk], reports.get(row.pk), ratings.get(row.pk))


def _events(ids: Sequence[int]) -> Any:
    rows = TrackingEvent.objects.filter(shipment__in=ids).order_by("shipment", "occurred_at", "pk")
    return rows.values_list("shipment_id", "status", "occurred_at", "fingerprint", "received_at", *SAID)
