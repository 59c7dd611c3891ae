"""What other thresholds, another cut-off or another promise would have made of the last quarter's parcels.

Each parcel is looked at every morning at seven by the shop's clock from its order to its end, and once more when its customer
rated or reported it, by the rules as they are and by the rules as asked for, with what was known at that moment. The chance to be
late and the usual silences are today's. Another cut-off or handling time moves the day by which the shop was to hand over, and the
first promise with it."""

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from orders.handling import business_days_between, ship_by
from orders.models import Merchant
from shipping.lateness.asof import Story, stories
from shipping.lateness.blame import AT_RECIPIENT
from shipping.lateness.facts import deadline
from shipping.lateness.gather import Shops
from shipping.lateness.otherwise import first_there, promised, told_late
from shipping.lateness.policy import Policy
from shipping.lateness.risk import at_hand_over
from shipping.lateness.rules import alarms
from shipping.models import Shipment, WhatIf
from shipping.promise.estimate import learned_estimate
from shipping.promise.learned import curve_for
from shipping.promise.revise import parcel_of
from shipping.status import Direction, LateRule, Stage, TrackingStatus

log = logging.getLogger(__name__)
QUARTER = timedelta(days=91)
CHUNK = 200
MOST = 20_000  # parcels, more are asked by a sample
MORNINGS = 60  # looked at of one parcel
THRESHOLDS = tuple(one.name for one in fields(Policy) if one.name != "off")


def ask(merchant: Merchant, changes: dict[str, Any], *, asked_by: str, now: datetime) -> WhatIf:
    since = (now - QUARTER).astimezone(merchant.tz).date()
    return WhatIf.objects.create(
        merchant=merchant, changes=changes, since=since, asked_by=asked_by, created_at=now
    )


def answer_waiting(*, now: datetime) -> int:
    """Answer what was asked, oldest first. Answering twice at once does no harm: both say the same."""
    waiting = WhatIf.objects.filter(answered_at__isnull=True, error="").select_related("merchant")
    done = 0
    for question in waiting.order_by("pk")[:5]:
        try:
            said = {"answer": answer(question, now=now), "answered_at": now}
        except Exception as error:
            log.exception("what-if %s could not be answered", question.pk)
            said = {"error": f"It could not be worked out: {error}"[:200]}
        done += WhatIf.objects.filter(pk=question.pk).update(**said)
    return done


def answer(question: WhatIf, *, now: datetime) -> dict[str, Any]:
    merchant, shops = question.merchant, Shops()
    start = datetime.combine(question.since, time(0), tzinfo=merchant.tz)
    rows = Shipment.objects.for_merchant(merchant).filter(
        direction=Direction.OUTBOUND, created_at__gte=start, created_at__lte=now
    )
    ids, total = sample(rows.exclude(stage=Stage.VOID))
    today = World(shops.policy(merchant), merchant)
    other = changed(today, question.changes)
    WhatIf.objects.filter(pk=question.pk).update(total=len(ids), done=0)
    for at in range(0, len(ids), CHUNK):
        chunk = (
            Shipment.objects.filter(pk__in=ids[at : at + CHUNK])
            .select_related("merchant", "order__ship_to")
            .order_by("pk")
        )
        for story in stories(chunk):
            today.look(story, at_hand_over, shops, now)
            other.look(story, at_hand_over, shops, now)
        WhatIf.objects.filter(pk=question.pk).update(done=min(at + CHUNK, len(ids)))
    each = total / len(ids) if ids else 1.0
    return {"parcels": total, "looked_at": len(ids), "now": today.said(each), "then": other.said(each)}


def sample(rows: QuerySet[Shipment]) -> tuple[list[int], int]:
    """The ids to look at, and of how many: all of them, or every k-th in the order of time, so that no week is left out. (Every
    k-th id would not do: shops share the ids, and one may have only even ones.)"""
    total = rows.count()
    step = max(1, math.ceil(total / MOST))
    ids = rows.order_by("created_at", "pk").values_list("pk", flat=True)
    return list(islice(ids.iterator(), 0, None, step)), total


class World:
    """One way to do it, and what came of it. `sure` is the share of parcels by which the first promise is to be kept, 0 for the
    promise as it was."""

    def __init__(self, policy: Policy, merchant: Merchant, later_days: int = 0, sure: int = 0) -> None:
        self.policy, self.merchant, self.later_days, self.sure = policy, merchant, later_days, sure
        self.rules: Counter[str] = Counter()
        self.cases = self.late = self.notices = 0

    def look(
        self, told: Story, risk: Callable[[Shipment], float | None], shops: Shops, now: datetime
    ) -> None:
        story = self._lived(told)
        words, zone = story.promises, story.shipment.recipient_zone
        seen = self._alarms(story, risk(story.shipment), shops, now)
        self.rules.update(seen)
        self.cases += bool(seen)
        events = [(one.event.status, one.event.occurred_at) for one in story.told]
        there = first_there(events, AT_RECIPIENT)
        delayed = any(status == TrackingStatus.DELAYED for status, _at in events)
        self.notices += told_late(words, zone=zone, there=there, delayed=delayed, now=now)
        self.late += bool(words) and (there or now) >= deadline(words[0].day, zone)

    def _lived(self, story: Story) -> Story:
        """The parcel's story as it would have been promised."""
        row, shop = copy(story.shipment), self.merchant
        country, planned = row.order.ship_to.country, row.ship_by
        row.ship_by = ship_by(shop, row.order.placed_at)
        moved = _business_days(
            planned.astimezone(shop.tz).date(), row.ship_by.astimezone(shop.tz).date(), shop
        )
        first = self._first(row) if self.sure else None
        words = promised(
            story.promises,
            zone=row.recipient_zone,
            country=country,
            moved=moved,
            later=self.later_days,
            first=first,
        )
        row.first_promised_to = words[0].day if words else None
        return replace(story, shipment=row, promises=words)

    def _first(self, row: Shipment) -> date | None:
        """The day by which so many of 100 such parcels have come, as it is known today."""
        known = curve_for(row.merchant_id, parcel_of(row, row.ship_by))
        if known is None:
            return None
        days = known[0].quantile(self.sure / 100)
        zone, to = ZoneInfo(row.recipient_zone), row.order.ship_to.country
        said = learned_estimate(
            row.ship_by, days, days, zone=zone, country=to, like=known[0].like, carrier=row.carrier
        )
        return said.to_day

    def _alarms(self, story: Story, risk: float | None, shops: Shops, now: datetime) -> set[str]:
        seen: set[str] = set()
        for at in moments(story, now):
            facts = story.facts(at, self.policy, shops)
            facts = replace(facts, risk=risk if facts.handed_over_at else None)
            seen |= {alarm.rule.value for alarm in alarms(facts, at)}
        return seen

    def said(self, each: float = 1.0) -> dict[str, Any]:
        """`each` is how many parcels one stands for."""
        rules = {rule: round(self.rules[rule] * each) for rule in LateRule.values if self.rules[rule]}
        return {
            "cases": round(self.cases * each),
            "alarms": sum(rules.values()),
            "late": round(self.late * each),
            "notices": round(self.notices * each),
            "rules": rules,
        }


def _business_days(old: date, new: date, shop: Merchant) -> int:
    """Of the shop's, from one day to the other; below 0 where it is earlier."""
    country = shop.holiday_country
    return business_days_between(old, new, country) - business_days_between(new, old, country)


def changed(today: World, changes: dict[str, Any]) -> World:
    """With what is asked for: thresholds, rules that are off, `handling_days`, `cutoff` (HH:MM), and of the promise `later_days`
    and `sure`."""
    own: dict[str, Any] = {name: changes[name] for name in THRESHOLDS if name in changes}
    if "off" in changes:
        own["off"] = frozenset(changes["off"])
    merchant = Merchant.objects.get(pk=today.merchant.pk)
    merchant.handling_days = changes.get("handling_days", merchant.handling_days)
    if "cutoff" in changes:
        merchant.cutoff = time.fromisoformat(changes["cutoff"])
    later, sure = int(changes.get("later_days", 0)), int(changes.get("sure", 0))
    return World(replace(today.policy, **own), merchant, later, sure)


def moments(story: Story, now: datetime) -> Iterator[datetime]:
    """When a parcel is looked at: each morning up to the first after its end, and when its customer said something, which is
    mostly later."""
    for morning in mornings(story, now):
        yield morning
        if story.over(morning):
            break
    said = [report.created_at for report in story.reports] + (
        [story.rating.changed_at] if story.rating else []
    )
    yield from (at for at in sorted(said) if at <= now)


def mornings(story: Story, now: datetime) -> list[datetime]:
    """Seven o'clock of each day from the order's on, by the shop's clock."""
    zone = story.shipment.merchant.tz
    day: date = story.shipment.created_at.astimezone(zone).date()
    found = []
    for count in range(1, MORNINGS + 1):
        morning = datetime.combine(day + timedelta(days=count), time(7), tzinfo=zone)
        if morning > now:
            break
        found.append(morning)
    return found
