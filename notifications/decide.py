"""Who is told of a fact, by which channel (pure): fact + preferences -> notices."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.status import Channel, Milestone

MILESTONE_OF = {
    ("placed", "pending"): Milestone.CONFIRMED,
    ("status", "processing"): Milestone.PROCESSING,
    ("status", "shipped"): Milestone.SHIPPED,
    ("status", "delivered"): Milestone.DELIVERED,
    ("status", "cancelled"): Milestone.CANCELLED,
    ("status", "returned"): Milestone.RETURNED,
}
"""(kind of fact, new status) -> what the customer is told. Facts that are not here are told to nobody."""

WORTH = {
    Milestone.CONFIRMED: timedelta(days=3),
    Milestone.PROCESSING: timedelta(days=2),
    Milestone.SHIPPED: timedelta(days=4),
    Milestone.DELIVERED: timedelta(days=3),
    Milestone.CANCELLED: timedelta(days=14),
    Milestone.RETURNED: timedelta(days=14),
}
"""How long after the fact the message is still worth having."""

BY_SMS = frozenset({Milestone.SHIPPED, Milestone.DELIVERED})


@dataclass(frozen=True)
class Fact:
    kind: str
    new: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True)
class Preferences:
    """What the merchant has switched on and how the customer can be reached ("" is not at all). `off` are the
    (milestone, channel) pairs that merchant or customer do not want; `suppressed` are addresses not written to."""

    email_on: bool
    sms_on: bool
    email: str
    phone: str
    off: frozenset[tuple[str, str]] = frozenset()
    suppressed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Planned:
    milestone: Milestone
    channel: Channel
    recipient: str
    due_at: datetime
    expires_at: datetime


def decide(fact: Fact, preferences: Preferences) -> list[Planned]:
    """The notices that a fact deserves. One too old when we learned of it deserves none."""
    milestone = MILESTONE_OF.get((fact.kind, fact.new))
    if milestone is None:
        return []
    expires_at = fact.occurred_at + WORTH[milestone]
    if expires_at <= fact.recorded_at:
        return []
    ways = []
    if preferences.email_on and preferences.email:
        ways.append((Channel.EMAIL, preferences.email))
    if preferences.sms_on and preferences.phone and milestone in BY_SMS:
        ways.append((Channel.SMS, preferences.phone))
    return [
        Planned(milestone, channel, to, fact.recorded_at, expires_at)
        for channel, to in ways
        if (milestone, channel) not in preferences.off and to not in preferences.suppressed
    ]
