"""Who is told of a fact, by which channel and when (pure): fact + preferences -> notices.

fact                                        milestone            of
------------------------------------------  -------------------  ------
placed                                      confirmed            order
status: processing, cancelled               the same             order
status: shipped, delivered, returned        the same             order, unless it was told of a parcel
packed                                      packed               parcel
shipment: picked up, in transit             shipped              parcel
shipment: out for delivery, pick-up,        the same             parcel
attempt failed, delayed, returning
shipment: exception, on hold                exception            parcel
shipment: delivered                         delivered, and two   parcel
                                            days later a rating
promise: a later day than before            delayed              parcel; its new day, where it was told
                                                                 as delayed when none was known
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from notifications.status import OFF_AT_FIRST, Channel, Milestone

M = Milestone
PROMISE = "promise"
MILESTONE_OF = {
    ("placed", "pending"): M.CONFIRMED,
    ("status", "processing"): M.PROCESSING,
    ("status", "shipped"): M.SHIPPED,
    ("status", "delivered"): M.DELIVERED,
    ("status", "cancelled"): M.CANCELLED,
    ("status", "returned"): M.RETURNED,
    ("packed", ""): M.PACKED,
    ("shipment", "picked_up"): M.SHIPPED,
    ("shipment", "in_transit"): M.SHIPPED,
    ("shipment", "out_for_delivery"): M.OUT_FOR_DELIVERY,
    ("shipment", "available_for_pickup"): M.READY_FOR_PICKUP,
    ("shipment", "attempt_failed"): M.ATTEMPT_FAILED,
    ("shipment", "delayed"): M.DELAYED,
    ("shipment", "exception"): M.EXCEPTION,
    ("shipment", "on_hold"): M.EXCEPTION,
    ("shipment", "delivered"): M.DELIVERED,
    ("shipment", "returning"): M.RETURNED,
    ("shipment", "returned"): M.RETURNED,
}
"""(kind of fact, new status) -> what the customer is told. Facts that are not here are told to nobody."""

WORTH = {
    M.CONFIRMED: timedelta(days=3),
    M.PROCESSING: timedelta(days=2),
    M.PACKED: timedelta(days=1),
    M.SHIPPED: timedelta(days=4),
    M.OUT_FOR_DELIVERY: timedelta(hours=12),
    M.READY_FOR_PICKUP: timedelta(days=5),
    M.ATTEMPT_FAILED: timedelta(days=2),
    M.DELAYED: timedelta(days=3),
    M.EXCEPTION: timedelta(days=5),
    M.DELIVERED: timedelta(days=3),
    M.CANCELLED: timedelta(days=14),
    M.RETURNED: timedelta(days=14),
    M.RATING_REQUEST: timedelta(days=10),
}
"""How long after the fact the message is still worth having."""

ALSO_BY_PARCEL = frozenset({M.SHIPPED, M.DELIVERED, M.RETURNED})
"""What both an order's status and its parcels' say; the customer hears it once."""

ORDER = "order"
"""The subject of what is told of the order as a whole."""

DAY = ":day"
"""After a parcel's subject: the new day of a delay that was told when none was known."""

PAST_SHIPPED = frozenset(
    {
        M.SHIPPED, M.OUT_FOR_DELIVERY, M.READY_FOR_PICKUP, M.ATTEMPT_FAILED, M.DELAYED, M.EXCEPTION, M.DELIVERED, M.RETURNED,
    }
)  # fmt: skip
"""Whoever was told one of these of a parcel knows that the order has left."""

HOLD = timedelta(seconds=10)
"""A parcel's scans come in bursts; so long the newest may overtake the others."""

RATING_AFTER = timedelta(days=2)

UNWANTED = "The customer does not want this message."
CLOSED = "This address is not written to."
TOO_LATE = "We learned of it when it was no longer worth a message."
QUIET = "Waits for the end of the recipient's quiet hours."
QUIET_TOO_LONG = "After the quiet hours it would no longer be worth a message."


@dataclass(frozen=True)
class Fact:
    """A row of the ledger. `subject` is "" for the order itself, or "shipment:7"."""

    kind: str
    new: str
    occurred_at: datetime
    recorded_at: datetime
    old: str = ""
    subject: str = ""


@dataclass(frozen=True)
class Quiet:
    """From `start` to `end` on the recipient's clock nothing goes out by these channels."""

    start: time
    end: time
    zone: str
    channels: frozenset[str]


@dataclass(frozen=True)
class Preferences:
    """What the merchant has switched on and how the customer can be reached ("" is not at all). `off` are the
    (milestone, channel) pairs that the merchant does not tell, `unwanted` those that the customer does not want;
    `suppressed` are addresses not written to."""

    email_on: bool
    sms_on: bool
    email: str
    phone: str
    off: frozenset[tuple[str, str]] = frozenset(OFF_AT_FIRST)
    unwanted: frozenset[tuple[str, str]] = frozenset()
    suppressed: frozenset[str] = frozenset()
    quiet: Quiet | None = None


@dataclass(frozen=True)
class Planned:
    """`reason` says why it is not sent; "" when it is. Times are aware."""

    milestone: Milestone
    channel: Channel
    recipient: str
    due_at: datetime
    expires_at: datetime
    subject: str = field(default=ORDER)
    reason: str = field(default="")


def milestones(fact: Fact) -> list[Milestone]:
    """What a fact is to a customer; nothing, mostly."""
    if fact.kind == PROMISE:
        later = bool(fact.old) and fact.new > fact.old
        return [M.DELAYED] if later else []
    one = MILESTONE_OF.get((fact.kind, fact.new))
    if one is None:
        return []
    return [one, M.RATING_REQUEST] if one == M.DELIVERED and fact.subject else [one]


def parcel_of(subject: str) -> str:
    """The parcel of "shipment:7" and of "shipment:7:day"; "order" as it is."""
    return subject.removesuffix(DAY)


def of_new_day(plan: Planned, fact: Fact) -> Planned:
    """The same, where the delay itself was told without a day."""
    return replace(plan, subject=plan.subject + DAY) if fact.kind == PROMISE else plan


def told_otherwise(plan: Planned, there: Collection[tuple[str, str, str]]) -> bool:
    """Whether the customer knows it already of the order or of its parcels, or a delay by its new day. `there` are (subject,
    milestone, channel) of what was told."""
    if plan.milestone == M.DELAYED:
        return (plan.subject + DAY, plan.milestone, plan.channel) in there
    if plan.milestone not in ALSO_BY_PARCEL:
        return False
    of_order = plan.subject == ORDER
    same = PAST_SHIPPED if of_order and plan.milestone == M.SHIPPED else {plan.milestone}
    return any(
        milestone in same and channel == plan.channel and (subject == ORDER) != of_order
        for subject, milestone, channel in there
    )


def decide(fact: Fact, preferences: Preferences) -> list[Planned]:
    """The notices that a fact deserves, and those that only the customer's own word keeps back."""
    return [
        planned
        for milestone in milestones(fact)
        for channel, to in _ways(milestone, preferences)
        if (planned := _plan(fact, milestone, channel, to, preferences)).reason in ("", UNWANTED, CLOSED)
    ]


def why_not(fact: Fact, milestone: Milestone, channel: Channel, preferences: Preferences) -> str:
    """Why nothing was written of a fact for this channel, as far as today's settings tell; "" when they do not."""
    on, to = {
        Channel.EMAIL: (preferences.email_on, preferences.email),
        Channel.SMS: (preferences.sms_on, preferences.phone),
    }[channel]
    if not on:
        return f"{channel.label} is switched off for this shop."
    if not to:
        return "The order has no phone." if channel == Channel.SMS else "The order has no e-mail address."
    if (milestone, channel) in preferences.off:
        return "The shop does not tell this: it is switched off in its notice settings."
    return _plan(fact, milestone, channel, to, preferences).reason


def _ways(milestone: Milestone, preferences: Preferences) -> Iterator[tuple[Channel, str]]:
    if preferences.email_on and preferences.email and (milestone, Channel.EMAIL) not in preferences.off:
        yield Channel.EMAIL, preferences.email
    if preferences.sms_on and preferences.phone and (milestone, Channel.SMS) not in preferences.off:
        yield Channel.SMS, preferences.phone


def _plan(fact: Fact, milestone: Milestone, channel: Channel, to: str, preferences: Preferences) -> Planned:
    since = fact.occurred_at + (RATING_AFTER if milestone == M.RATING_REQUEST else timedelta(0))
    expires_at = since + WORTH[milestone]
    told = fact.recorded_at + (HOLD if fact.subject else timedelta(0))
    due_at = max(told, since) if milestone == M.RATING_REQUEST else told
    reason = ""
    if expires_at <= fact.recorded_at:
        reason = TOO_LATE
    elif to in preferences.suppressed:
        reason = CLOSED
    elif (milestone, channel) in preferences.unwanted:
        reason = UNWANTED
    else:
        due_at = after_quiet(due_at, channel, preferences.quiet)
        if due_at >= expires_at:
            reason = QUIET_TOO_LONG
    return Planned(milestone, channel, to, due_at, expires_at, fact.subject or ORDER, reason)


def after_quiet(due_at: datetime, channel: str, quiet: Quiet | None) -> datetime:
    """The first moment from `due_at` on that is not quiet, in the zone `due_at` came in."""
    if quiet is None or channel not in quiet.channels or quiet.start == quiet.end:
        return due_at
    local = due_at.astimezone(ZoneInfo(quiet.zone))
    clock, over_night = local.time(), quiet.start > quiet.end
    asleep = clock >= quiet.start or clock < quiet.end if over_night else quiet.start <= clock < quiet.end
    if not asleep:
        return due_at
    day = local.date() + timedelta(days=1) if over_night and clock >= quiet.start else local.date()
    wakes = datetime.combine(day, quiet.end, local.tzinfo)
    return max(wakes.astimezone(due_at.tzinfo), due_at)
