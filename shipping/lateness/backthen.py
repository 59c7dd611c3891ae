"""The queue as of any day of the past, with what came of each parcel. Nothing is known that was not known then: the learned
transit times and silences are fitted again as of that moment."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from orders.models import Merchant
from shipping.lateness.asof import Story, stories
from shipping.lateness.blame import AT_RECIPIENT
from shipping.lateness.facts import deadline
from shipping.lateness.gather import Shops
from shipping.lateness.rules import Alarm, alarms
from shipping.models import Shipment
from shipping.promise import silence
from shipping.promise.lanes import day_of
from shipping.promise.learned import ALIKE, FEWEST
from shipping.promise.revise import parcel_of
from shipping.status import Direction

if TYPE_CHECKING:
    from shipping.promise.transit import Snapshot

CHUNK = 500


@dataclass(frozen=True)
class Then:
    """A parcel that was open at the moment. `days_late` is what came of it: days from the first promise to the first attempt
    or delivery, negative when early, None when neither is known; `called_off` says that its order was cancelled later."""

    shipment: Shipment
    alarms: list[Alarm]
    promised: date | None
    days_late: int | None
    missed_already: bool
    called_off: bool = False

    @property
    def broke(self) -> bool:
        """Whether its promise, still whole at the moment, was broken afterwards; nobody waits for what was called off."""
        return (
            not self.missed_already and not self.called_off and (self.days_late is None or self.days_late > 0)
        )


def queue_then(merchant: Merchant, at: datetime) -> Iterator[Then]:
    """Every open parcel, those with an alarm and those without, by id; what was called off by then is not open."""
    shops = Shops()
    shops.remember(merchant, silence.learned(merchant, now=at))
    policy, snapshot = shops.policy(merchant), _learned(merchant, at)
    rows = _perhaps_open(merchant, at).select_related("merchant", "order__ship_to").order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        for story in stories(rows.filter(pk__in=ids[start : start + CHUNK])):
            off = story.called_off_at
            if story.over(at) or (off and off <= at):
                continue
            facts = replace(story.facts(at, policy, shops), risk=_risk(story, snapshot, at))
            yield Then(story.shipment, alarms(facts, at), *_outcome(story, at), called_off=off is not None)


def _perhaps_open(merchant: Merchant, at: datetime) -> QuerySet[Shipment]:
    later = Q(delivered_at__isnull=True) | Q(delivered_at__gt=at)
    mine = Shipment.objects.for_merchant(merchant)
    return mine.filter(later, created_at__lte=at, direction__in=[Direction.OUTBOUND, Direction.INBOUND])


def _learned(merchant: Merchant, at: datetime) -> "Snapshot | None":
    from shipping.promise.backtest import trained
    from shipping.promise.history import own_history

    history = own_history(merchant, now=at)
    return trained(history, at=day_of(at)) if len(history) >= FEWEST else None


def _risk(story: Story, snapshot: "Snapshot | None", at: datetime) -> float | None:
    """The chance to come after the first promise, given that it had not come by then."""
    row, left, first = story.shipment, story.shipment.handed_over_at, story.first_promised(at)
    if snapshot is None or left is None or left > at or first is None or row.supplier_id is not None:
        return None
    curve = snapshot.curve(parcel_of(row, left))
    if curve is None or curve.like < ALIKE:
        return None
    lead = day_of(deadline(first, row.recipient_zone)) - day_of(left)
    age = day_of(at) - day_of(left)
    return round(curve.chance(lead, age), 3) if age < lead else 1.0


def _outcome(story: Story, at: datetime) -> tuple[date | None, int | None, bool]:
    first = story.first_promised(at)
    if first is None:
        return None, None, False
    zone = ZoneInfo(story.shipment.recipient_zone)
    there = [
        one.event.occurred_at
        for one in story.told
        if one.event.status == "delivered" or one.event.status in AT_RECIPIENT
    ]
    late = (min(there).astimezone(zone).date() - first).days if there else None
    return first, late, at > deadline(first, story.shipment.recipient_zone)
