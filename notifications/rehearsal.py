"""What another choice of settings would have done: last month's facts, decided once more by the old and by the new."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from notifications.decide import Fact, Planned, Preferences, decide, milestones, told_otherwise
from notifications.models import NoticeSettings, Preference, Suppression
from notifications.status import Channel, Milestone
from notifications.wishes import normal, pairs, quiet_of
from orders.models import Merchant, OrderEvent
from shipping.models import Shipment
from shipping.promise.zones import zone_of
from shipping.status import Direction

SPAN = timedelta(days=30)
MOST = 5000
"""Facts; about a second of the web process' time."""
KINDS = ("placed", "status", "packed", "shipment", "promise")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


class Told(NamedTuple):
    """A fact with who would be told of it. `order` tells two orders apart."""

    order: int
    fact: Fact
    preferences: Preferences


@dataclass(frozen=True)
class Line:
    """Of one milestone and channel: how many went out by the old settings and by the new, and how many at another time."""

    milestone: Milestone
    channel: Channel
    before: int
    after: int
    moved: int

    @property
    def dropped(self) -> int:
        return max(0, self.before - self.after)

    @property
    def added(self) -> int:
        return max(0, self.after - self.before)


@dataclass(frozen=True)
class Rehearsal:
    lines: list[Line]
    facts: int
    since: datetime | None

    @property
    def changes(self) -> bool:
        return any(line.before != line.after or line.moved for line in self.lines)


def rehearse(
    merchant: Merchant, before: NoticeSettings, after: NoticeSettings, *, now: datetime
) -> Rehearsal:
    """The newest facts of the last month, at most `MOST`. Six queries, nothing is written."""
    told = list(_facts(merchant, now))
    old, new = outcome(told, before), outcome(told, after)
    keys = sorted(
        {(key.milestone, key.channel) for key in (*old, *new)},
        key=lambda one: (list(Milestone).index(one[0]), one[1]),
    )
    lines = []
    for milestone, channel in keys:
        mine = [key for key in old if (key.milestone, key.channel) == (milestone, channel)]
        count = sum((key.milestone, key.channel) == (milestone, channel) for key in new)
        moved = sum(1 for key in mine if key in new and new[key] != old[key])
        lines.append(Line(milestone, channel, len(mine), count, moved))
    return Rehearsal(lines, len(told), min((one.fact.recorded_at for one in told), default=None))


class Key(NamedTuple):
    order: int
    subject: str
    milestone: Milestone
    channel: Channel


def outcome(told: Iterable[Told], shop: NoticeSettings) -> dict[Key, datetime]:
    """When each notice goes out under these settings (pure). Facts come in the order in which they were learned. What overtakes
    what is left out: it depends on the worker's pace and is the same for both."""
    sent: dict[Key, datetime] = {}
    by_order: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
    by_person: dict[str, deque[datetime]] = defaultdict(deque)
    in_all: deque[datetime] = deque()
    for order, fact, preferences in told:
        zone = preferences.quiet.zone if preferences.quiet else "UTC"
        mine = replace(preferences, off=pairs(shop), quiet=quiet_of(shop, zone))
        for plan in decide(fact, mine):
            key = Key(order, plan.subject, plan.milestone, plan.channel)
            if (
                plan.reason
                or key in sent
                or told_otherwise(plan, by_order[order])
                or _over(plan, fact.recorded_at, shop, by_person[plan.recipient], in_all)
            ):
                continue
            sent[key] = plan.due_at
            by_order[order].add((plan.subject, plan.milestone, plan.channel))
            by_person[plan.recipient].append(fact.recorded_at)
            in_all.append(fact.recorded_at)
    return sent


def _over(
    plan: Planned, at: datetime, shop: NoticeSettings, person: deque[datetime], in_all: deque[datetime]
) -> bool:
    for row, span in ((person, _DAY), (in_all, _HOUR)):
        while row and row[0] <= at - span:
            row.popleft()
    of_person = shop.per_person_a_day is not None and len(person) >= shop.per_person_a_day
    return of_person or (shop.per_hour is not None and len(in_all) >= shop.per_hour)


def _facts(merchant: Merchant, now: datetime) -> Iterable[Told]:
    events = OrderEvent.objects.filter(order__merchant=merchant, kind__in=KINDS, recorded_at__gt=now - SPAN)
    newest = list(events.select_related("order__ship_to").order_by("-pk")[:MOST])
    parcels = {event.subject for event in newest if event.subject.startswith("shipment:")}
    zones = dict(
        Shipment.objects.filter(
            pk__in=[int(one.partition(":")[2]) for one in parcels], direction=Direction.OUTBOUND
        ).values_list("pk", "recipient_zone")
    )
    no: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for address, milestone, channel in (
        Preference.objects.for_merchant(merchant)
        .filter(wanted=False)
        .values_list("address", "milestone", "channel")
    ):
        no[address].add((milestone, channel))
    closed = set(
        Suppression.objects.for_merchant(merchant)
        .filter(lifted_at__isnull=True)
        .values_list("channel", "address")
    )
    calm = NoticeSettings(quiet_sms=True)
    for event in reversed(newest):
        fact = Fact(event.kind, event.new, event.occurred_at, event.recorded_at, event.old, event.subject)
        order = event.order
        number = int(event.subject.partition(":")[2]) if event.subject.startswith("shipment:") else None
        if not milestones(fact) or (number is not None and number not in zones):
            continue
        place = order.ship_to
        zone = (
            zones[number]
            if number is not None
            else zone_of(place.country, place.region)
            if place
            else merchant.zone
        )
        email, phone = order.email, str(order.phone or "")
        plain = {email: normal(Channel.EMAIL, email), phone: normal(Channel.SMS, phone)}
        yield Told(
            order.pk,
            fact,
            Preferences(
                email_on=merchant.notify_email,
                sms_on=merchant.notify_sms,
                email=email,
                phone=phone,
                unwanted=frozenset(no[plain[email]] | no[plain[phone]]),
                suppressed=frozenset(
                    one
                    for channel, one in ((Channel.EMAIL, email), (Channel.SMS, phone))
                    if (channel, plain[one]) in closed
                ),
                quiet=quiet_of(calm, zone),
            ),
        )
