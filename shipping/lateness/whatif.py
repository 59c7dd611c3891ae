"""What other thresholds, another cut-off or another promise would have made of the last quarter's parcels.

Each parcel is looked at every morning at seven by the shop's clock from its order to its end, once by the rules as they are and
once by the rules as asked for, with what was known on that morning. The chance to be late and the usual silences are today's."""

import logging
from collections import Counter
from dataclasses import fields, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from orders.handling import ship_by
from orders.models import Merchant
from shipping.lateness.asof import Story, stories
from shipping.lateness.blame import AT_RECIPIENT
from shipping.lateness.gather import Shops
from shipping.lateness.policy import Policy
from shipping.lateness.risk import at_hand_over
from shipping.lateness.rules import alarms, deadline
from shipping.models import Shipment, WhatIf
from shipping.status import Direction, LateRule, Stage

log = logging.getLogger(__name__)
QUARTER = timedelta(days=91)
CHUNK = 200
MOST = 20_000
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
    ids = list(rows.exclude(stage=Stage.VOID).order_by("-created_at").values_list("pk", flat=True)[:MOST])
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
            risk = at_hand_over(story.shipment)
            today.look(story, risk, shops, now)
            other.look(story, risk, shops, now)
        WhatIf.objects.filter(pk=question.pk).update(done=min(at + CHUNK, len(ids)))
    return {"parcels": len(ids), "now": today.said(), "then": other.said()}


class World:
    """One way to do it, and what came of it."""

    def __init__(self, policy: Policy, merchant: Merchant, later_days: int = 0) -> None:
        self.policy, self.merchant, self.later_days = policy, merchant, later_days
        self.rules: Counter[str] = Counter()
        self.cases = self.late = self.notices = 0

    def look(self, story: Story, risk: float | None, shops: Shops, now: datetime) -> None:
        story.shipment.ship_by = ship_by(self.merchant, story.shipment.order.placed_at)
        seen = self._alarms(story, risk, shops, now)
        self.rules.update(seen)
        self.cases += bool(seen)
        first = story.promises[0][1] + timedelta(days=self.later_days) if story.promises else None
        if first:
            self.late += _came_late(story, first, now)
            self.notices += any(day > first for _made, day in story.promises[1:])

    def _alarms(self, story: Story, risk: float | None, shops: Shops, now: datetime) -> set[str]:
        seen: set[str] = set()
        for morning in mornings(story, now):
            facts = story.facts(morning, self.policy, shops, later_days=self.later_days)
            left = facts.handed_over_at
            facts = replace(facts, risk=risk if left else None)
            seen |= {alarm.rule.value for alarm in alarms(facts, morning)}
            if story.over(morning):
                break
        return seen

    def said(self) -> dict[str, Any]:
        return {
            "cases": self.cases,
            "alarms": sum(self.rules.values()),
            "late": self.late,
            "notices": self.notices,
            "rules": {rule: self.rules[rule] for rule in LateRule.values if self.rules[rule]},
        }


def changed(today: World, changes: dict[str, Any]) -> World:
    """With what is asked for: thresholds, rules that are off, `handling_days`, `cutoff` (HH:MM) and `later_days` of promise."""
    own: dict[str, Any] = {name: changes[name] for name in THRESHOLDS if name in changes}
    if "off" in changes:
        own["off"] = frozenset(changes["off"])
    merchant = Merchant.objects.get(pk=today.merchant.pk)
    merchant.handling_days = changes.get("handling_days", merchant.handling_days)
    if "cutoff" in changes:
        merchant.cutoff = time.fromisoformat(changes["cutoff"])
    return World(replace(today.policy, **own), merchant, int(changes.get("later_days", 0)))


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


def _came_late(story: Story, day: date, now: datetime) -> bool:
    """No delivery and no attempt by the end of that day."""
    due = deadline(day, story.shipment.recipient_zone)
    if now <= due:
        return False
    there = [
        one.event.occurred_at
        for one in story.told
        if one.event.status == "delivered" or one.event.status in AT_RECIPIENT
    ]
    return not there or min(there) > due
