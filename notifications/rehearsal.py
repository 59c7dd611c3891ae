"""What another choice of settings would have done: last month's facts, decided once more by the old and by the new."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from django.db.models import Avg

from notifications.decide import (
    PROMISE,
    Fact,
    Planned,
    Preferences,
    decide,
    milestones,
    of_new_day,
    told_otherwise,
)
from notifications.models import Notice, NoticeSettings, Preference, Suppression
from notifications.status import Channel, Milestone
from notifications.wishes import normal, pairs, quiet_of
from orders.models import Merchant, OrderEvent
from orders.status import OrderKind
from shipping.models import Shipment
from shipping.promise.zones import zone_of
from shipping.status import Direction, Stage

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
    since: datetime
    """How far back it went; `cut` when the month has more facts than are decided."""
    cut: bool = False

    @property
    def changes(self) -> bool:
        return any(line.before != line.after or line.moved for line in self.lines)


def rehearse(
    merchant: Merchant,
    before: NoticeSettings,
    after: NoticeSettings,
    *,
    now: datetime,
    then: Merchant | None = None,
) -> Rehearsal:
    """The newest facts of the last month, at most `MOST`; `then` is the merchant with other channels switched on. Seven queries,
    nothing is written."""
    events, cut = _newest(merchant, now)
    told, parts = list(_facts(merchant, events)), _parts(merchant, now)
    old = outcome(told, before, parts)
    new = outcome(_by_channels_of(then, told) if then else told, after, parts)
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
    since = events[-1].recorded_at if cut else now - SPAN
    return Rehearsal(lines, len(told), since, cut)


def _by_channels_of(merchant: Merchant, told: Iterable[Told]) -> list[Told]:
    email_on, sms_on = merchant.notify_email, merchant.notify_sms
    return [
        one._replace(preferences=replace(one.preferences, email_on=email_on, sms_on=sms_on)) for one in told
    ]


def _parts(merchant: Merchant, now: datetime) -> dict[str, int]:
    """By milestone, how many parts this shop's texts had on average."""
    texts = Notice.objects.filter(
        merchant=merchant, channel=Channel.SMS, created_at__gt=now - SPAN, segments__gt=0
    )
    rows = texts.order_by().values_list("milestone").annotate(Avg("segments"))
    return {milestone: ceil(average) for milestone, average in rows}


class Key(NamedTuple):
    order: int
    subject: str
    milestone: Milestone
    channel: Channel


class _Used(NamedTuple):
    """What was written lately, for the limits: moments of each address and of all, and parts of texts."""

    person: dict[str, deque[datetime]]
    in_all: deque[datetime]
    texts: deque[tuple[datetime, int]]


def outcome(
    told: Iterable[Told], shop: NoticeSettings, parts: Mapping[str, int] | None = None
) -> dict[Key, datetime]:
    """When each notice goes out under these settings (pure). Facts come in the order in which they were learned. What overtakes
    what is left out: it depends on the worker's pace and is the same for both. `parts` are those of an SMS by milestone."""
    sent: dict[Key, datetime] = {}
    by_order: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
    bare: set[Key] = set()
    used = _Used(defaultdict(deque), deque(), deque())
    for order, fact, preferences in told:
        zone = preferences.quiet.zone if preferences.quiet else "UTC"
        mine = replace(preferences, off=pairs(shop), quiet=quiet_of(shop, zone))
        for planned in decide(fact, mine):
            delay = Key(order, planned.subject, planned.milestone, planned.channel)
            plan = of_new_day(planned, fact) if delay in bare else planned
            key = delay._replace(subject=plan.subject)
            cost = (parts or {}).get(plan.milestone, 1) if plan.channel == Channel.SMS else 0
            if (
                plan.reason
                or key in sent
                or told_otherwise(plan, by_order[order])
                or _over(plan, fact.recorded_at, shop, used, cost)
            ):
                continue
            sent[key] = plan.due_at
            if plan.milestone == Milestone.DELAYED and fact.kind != PROMISE:
                bare.add(key)
            by_order[order].add((plan.subject, plan.milestone, plan.channel))
            used.person[normal(plan.channel, plan.recipient)].append(fact.recorded_at)
            used.in_all.append(fact.recorded_at)
            if cost:
                used.texts.append((fact.recorded_at, cost))
    return sent


def _over(plan: Planned, at: datetime, shop: NoticeSettings, used: _Used, cost: int) -> bool:
    person = used.person[normal(plan.channel, plan.recipient)]
    for row, span in ((person, _DAY), (used.in_all, _HOUR)):
        while row and row[0] <= at - span:
            row.popleft()
    while used.texts and used.texts[0][0] <= at - _DAY:
        used.texts.popleft()
    return (
        (shop.per_person_a_day is not None and len(person) >= shop.per_person_a_day)
        or (shop.per_hour is not None and len(used.in_all) >= shop.per_hour)
        or (
            cost > 0
            and shop.sms_a_day is not None
            and sum(parts for _, parts in used.texts) + cost > shop.sms_a_day
        )
    )


def _newest(merchant: Merchant, now: datetime) -> tuple[list[OrderEvent], bool]:
    """The newest first, and whether there are more."""
    events = OrderEvent.objects.filter(order__merchant=merchant, kind__in=KINDS, recorded_at__gt=now - SPAN)
    customers = events.exclude(order__kind=OrderKind.PURCHASE)
    newest = list(customers.select_related("order__ship_to").order_by("-pk")[: MOST + 1])
    return newest[:MOST], len(newest) > MOST


def _facts(merchant: Merchant, newest: Sequence[OrderEvent]) -> Iterable[Told]:
    parcels = {event.subject for event in newest if event.subject.startswith("shipment:")}
    zones = dict(
        Shipment.objects.filter(
            pk__in=[int(one.partition(":")[2]) for one in parcels], direction=Direction.OUTBOUND
        )
        .exclude(stage=Stage.VOID)
        .values_list("pk", "recipient_zone")
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
