"""What is wrong with a parcel, or about to be (pure): stored facts and `now` in, the alarms out, the worst first.

    rule              since                                                                    severity
    ----------------  -----------------------------------------------------------------------  --------
    lost              the carrier's word that it is lost, or that it stopped reporting                9
    damaged           the carrier's word that it is damaged                                           9
    not_arrived       the customer's word that a delivered parcel is not there                        9
    returning         the carrier's word that it goes back                                            8
    past_promise      the end of the promised day where the recipient is, and days of grace           7
    exception         the carrier's word of a problem that is none of the others                      7
    address           the customer's word about the address                                           6
    attempt_failed    the failed attempt, and hours of grace                                          6
    customs           business days in customs' hands                                                 5
    on_hold           business days on hold                                                           5
    not_handed_over   the end of the merchant's hand-over day, and hours of grace                     5
    handover_gap      the hand-over, plus the carrier's business hours to accept the parcel           5
    silent            the last word, plus how long 19 of 20 parcels of this carrier are silent        4
                      at this stage; where that is not learned yet, business days
    low_rating        the customer's rating                                                           3
    slipped           the promise in force is business days later than the first one                  2
    at_risk           the chance to come after the first promise is high                              1

Business days and hours are those of the merchant's zone and holidays; thresholds are the shop's (`Policy`).
A parcel at the recipient's door (or pick-up point) by the promised day kept its promise, whoever opened.
A parcel on its way back has no promise to keep.
"""

import math
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from orders.handling import add_business_days, business_days_between, business_hours_after, is_business_day
from shipping.lateness.blame import is_customs
from shipping.lateness.policy import Policy
from shipping.status import FINAL, LateRule, ReportKind, Stage, TrackingStatus

S, R = TrackingStatus, LateRule
SEVERITY = {
    R.LOST: 9,
    R.DAMAGED: 9,
    R.NOT_ARRIVED: 9,
    R.RETURNING: 8,
    R.PAST_PROMISE: 7,
    R.EXCEPTION: 7,
    R.ADDRESS: 6,
    R.ATTEMPT_FAILED: 6,
    R.CUSTOMS: 5,
    R.ON_HOLD: 5,
    R.NOT_HANDED_OVER: 5,
    R.HANDOVER_GAP: 5,
    R.SILENT: 4,
    R.LOW_RATING: 3,
    R.SLIPPED: 2,
    R.AT_RISK: 1,
}
AT_THE_DOOR = frozenset({S.ATTEMPT_FAILED, S.AVAILABLE_FOR_PICKUP})
GOING_BACK = frozenset({S.RETURNING, S.RETURNED})
_LOST = re.compile(
    r"\blost\b|missing|cannot be (found|located)|untraceable|verloren|perdu|extravi|perdid|smarrit|zagin",
    re.IGNORECASE,
)
_DAMAGED = re.compile(
    r"damag|broken|beschädig|endommag|dañad|avariad|danneggiat|uszkodz|beschadig", re.IGNORECASE
)


@dataclass(frozen=True)
class Facts:
    """Of one parcel. Moments are aware; `promised_to` and `first_promised_to` are days in `recipient_zone`. `taker` says who
    took it, in the words of the alarm; `words` is the carrier's last word. `tried_at` is the first time that it was at the
    recipient's. `report` and `reported_at` are the customer's open
    word about it. `silence_hours` and `risk` are learned, None where too little is known. `shop_says_there`: its order is
    delivered by the shop's own word."""

    stage: str
    tracking_status: str
    ship_by: datetime
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    last_event_at: datetime | None
    status_at: datetime | None
    promised_to: date | None
    recipient_zone: str
    country: str
    zone: str = "UTC"
    taker: str = ""
    report: str = ""
    reported_at: datetime | None = None
    first_promised_to: date | None = None
    words: str = ""
    silence_hours: float | None = None
    risk: float | None = None
    rating: int | None = None
    rated_at: datetime | None = None
    by_supplier: bool = False
    tried_at: datetime | None = None
    shop_says_there: bool = False
    policy: Policy = field(default_factory=Policy)

    @property
    def clock(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.zone)


@dataclass(frozen=True)
class Alarm:
    """`score` is for the order of a list: severity first, then days late, then the chance of it."""

    rule: LateRule
    since: datetime
    score: float
    explanation: str


def judge(facts: Facts, now: datetime) -> Alarm | None:
    """The worst of what is wrong, or None."""
    return next(iter(alarms(facts, now)), None)


def alarms(facts: Facts, now: datetime) -> list[Alarm]:
    """All that is wrong, the worst first. Promise slipped and likely to be late are no news once it is late."""
    if facts.stage == Stage.VOID:
        return []
    ended = facts.tracking_status in FINAL
    asked = [*(() if ended else RULES), *(AFTERWARDS if ended or facts.shop_says_there else ())]
    found = [alarm for rule in asked if (alarm := rule(facts, now)) and alarm.rule not in facts.policy.off]
    if any(alarm.rule == R.PAST_PROMISE for alarm in found):
        found = [alarm for alarm in found if alarm.rule not in (R.SLIPPED, R.AT_RISK)]
    return sorted(found, key=lambda alarm: (-alarm.score, alarm.rule))


def deadline(day: date, zone: str) -> datetime:
    """The end (UTC) of a promised day where the recipient is."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def acceptance_due(facts: Facts) -> datetime | None:
    """When the carrier should have scanned what it was handed."""
    if facts.handed_over_at is None:
        return None
    return business_hours_after(
        facts.handed_over_at, facts.policy.acceptance_hours, facts.clock, facts.country
    )


def _alarm(
    rule: LateRule, since: datetime, now: datetime, explanation: str, *, chance: float = 0.0
) -> Alarm | None:
    if now < since:
        return None
    days = (now - since).total_seconds() / 86_400
    points = 50 * chance if chance else min(days * 4, 90)
    return Alarm(rule, since, round(SEVERITY[rule] * 100 + points, 1), explanation)


def _tried_by(day: date, facts: Facts) -> bool:
    """Whether it was at the recipient's by the end of that day, whatever has become of it since."""
    at_door = facts.status_at if facts.tracking_status in AT_THE_DOOR else None
    tried = min(filter(None, (facts.tried_at, at_door)), default=None)
    return tried is not None and tried < deadline(day, facts.recipient_zone)


def _past_promise(facts: Facts, now: datetime) -> Alarm | None:
    day = facts.promised_to
    if day is None or facts.tracking_status in GOING_BACK:
        return None
    if _tried_by(day, facts):
        return None
    zone = zoneinfo.ZoneInfo(facts.recipient_zone)
    grace = facts.policy.promise_grace_days
    since = deadline(add_business_days(day, grace, facts.country) if grace else day, facts.recipient_zone)
    ago = _days((now.astimezone(zone).date() - day).days)
    return _alarm(R.PAST_PROMISE, since, now, f"Promised for {day:%d %b}, {ago} ago")


def _not_handed_over(facts: Facts, now: datetime) -> Alarm | None:
    if facts.handed_over_at or facts.first_scan_at or now <= facts.ship_by:
        return None
    grace = facts.policy.handover_grace_hours
    due = business_hours_after(facts.ship_by, grace, facts.clock, facts.country) if grace else facts.ship_by
    if facts.by_supplier:
        return _alarm(R.NOT_HANDED_OVER, due, now, f"The supplier was to send it by {facts.ship_by:%d %b}")
    doing = "packed but not handed over" if facts.stage == Stage.PACKED else "not packed"
    return _alarm(R.NOT_HANDED_OVER, due, now, f"Due out {facts.ship_by:%d %b}, {doing}")


def _handover_gap(facts: Facts, now: datetime) -> Alarm | None:
    """We scanned it out, the carrier has never scanned it: left on the dock, in the van, or lost."""
    due = acceptance_due(facts)
    if due is None or facts.handed_over_at is None or facts.first_scan_at:
        return None
    if facts.tracking_status in GOING_BACK or now <= due:
        return None
    when = f"{facts.handed_over_at.astimezone(facts.clock):%d %b %H:%M}"
    hours = _count(facts.policy.acceptance_hours, "business hour")
    to = f" to {facts.taker}" if facts.taker else ""
    said = f"Handed over{to} on {when}, not scanned by the carrier within {hours}"
    return _alarm(R.HANDOVER_GAP, due, now, said)


def _silent(facts: Facts, now: datetime) -> Alarm | None:
    heard = max(filter(None, (facts.last_event_at, facts.handed_over_at)), default=None)
    if heard is None or (facts.first_scan_at is None and facts.handed_over_at is None):
        return None
    if facts.tracking_status == S.AVAILABLE_FOR_PICKUP:
        return None  # it waits for the customer; nobody will scan it meanwhile
    if facts.silence_hours is not None:
        usual = facts.silence_hours * facts.policy.silent_times
        said = f"No scan since {heard:%d %b %H:%M}; 19 of 20 parcels are scanned again within {_span(usual)}"
        return _alarm(R.SILENT, heard + timedelta(hours=usual), now, said)
    quiet = business_days_between(heard.date(), now.date(), facts.country)
    if quiet <= facts.policy.silent_days:
        return None
    day, left = heard.date(), facts.policy.silent_days + 1
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day, facts.country)
    since = datetime.combine(day, time(0), tzinfo=UTC)
    return _alarm(
        R.SILENT, since, now, f"No scan for {_count(quiet, 'business day')}, last heard {heard:%d %b}"
    )


def _trouble(facts: Facts, now: datetime) -> Alarm | None:
    """What the carrier itself calls wrong."""
    at, status = facts.status_at, facts.tracking_status
    if at is None:
        return None
    said = f": “{facts.words}”" if facts.words else ""
    if status == S.RETURNING:
        return _alarm(R.RETURNING, at, now, f"On its way back since {at:%d %b}{said}")
    if status == S.EXPIRED:
        return _alarm(R.LOST, at, now, f"The carrier stopped reporting on {at:%d %b}")
    if status == S.EXCEPTION:
        if _LOST.search(facts.words):
            return _alarm(R.LOST, at, now, f"The carrier calls it lost{said}")
        if _DAMAGED.search(facts.words):
            return _alarm(R.DAMAGED, at, now, f"The carrier calls it damaged{said}")
        return _alarm(R.EXCEPTION, at, now, f"The carrier reports a problem on {at:%d %b}{said}")
    if status == S.ATTEMPT_FAILED:
        due = business_hours_after(at, facts.policy.attempt_hours, facts.clock, facts.country)
        due = due if facts.policy.attempt_hours else at
        return _alarm(R.ATTEMPT_FAILED, due, now, f"Delivery failed on {at:%d %b}{said}")
    return None


def _held(facts: Facts, now: datetime) -> Alarm | None:
    at = facts.status_at
    if at is None or facts.tracking_status != S.ON_HOLD:
        return None
    customs = is_customs(facts.words)
    days = facts.policy.customs_days if customs else facts.policy.hold_days
    due = business_hours_after(at, 24 * days, facts.clock, facts.country) if days else at
    said = f": “{facts.words}”" if facts.words else ""
    if customs:
        return _alarm(R.CUSTOMS, due, now, f"In customs’ hands since {at:%d %b}{said}")
    return _alarm(R.ON_HOLD, due, now, f"On hold since {at:%d %b}{said}")


def _slipped(facts: Facts, now: datetime) -> Alarm | None:
    first, day = facts.first_promised_to, facts.promised_to
    if first is None or day is None or facts.tracking_status in GOING_BACK or _tried_by(first, facts):
        return None
    slip = business_days_between(first, day, facts.country)
    if slip < max(1, facts.policy.slipped_days):
        return None
    since = min(now, facts.last_event_at or facts.ship_by)
    said = f"First promised for {first:%d %b}, now for {day:%d %b}: {_count(slip, 'business day')} later"
    return _alarm(R.SLIPPED, since, now, said)


def _at_risk(facts: Facts, now: datetime) -> Alarm | None:
    if facts.tracking_status in GOING_BACK | AT_THE_DOOR:
        return None
    day = facts.first_promised_to or facts.promised_to
    if day and _tried_by(day, facts):
        return None
    since = min(now, facts.handed_over_at or facts.ship_by)
    if facts.risk is not None and facts.risk >= facts.policy.risk_from and day:
        said = f"{facts.risk:.0%} likely to come after {day:%d %b}, by how long such parcels take"
        return _alarm(R.AT_RISK, since, now, said, chance=facts.risk)
    if facts.risk is None and facts.tracking_status == S.DELAYED:
        return _alarm(R.AT_RISK, since, now, "The carrier says it is delayed", chance=0.5)
    return None


def _not_arrived(facts: Facts, now: datetime) -> Alarm | None:
    there = facts.tracking_status == S.DELIVERED or facts.shop_says_there
    if facts.report != ReportKind.NOT_ARRIVED or not there or facts.reported_at is None:
        return None
    words = f"The customer wrote on {facts.reported_at:%d %b} that it has not arrived"
    return _alarm(R.NOT_ARRIVED, facts.reported_at, now, words)


def _low_rating(facts: Facts, now: datetime) -> Alarm | None:
    if facts.rating is None or facts.rated_at is None or facts.rating > facts.policy.low_rating:
        return None
    words = f"The customer gave {facts.rating} of 5 on {facts.rated_at:%d %b}"
    return _alarm(R.LOW_RATING, facts.rated_at, now, words)


def _address(facts: Facts, now: datetime) -> Alarm | None:
    if facts.report not in (ReportKind.ADDRESS_RIGHT, ReportKind.ADDRESS_WRONG) or facts.reported_at is None:
        return None
    right = "right" if facts.report == ReportKind.ADDRESS_RIGHT else "wrong"
    words = f"The customer wrote on {facts.reported_at:%d %b} that the address is {right}"
    return _alarm(R.ADDRESS, facts.reported_at, now, words)


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _days(count: int) -> str:
    return _count(count, "day")


def _span(hours: float) -> str:
    return _count(round(hours), "hour") if hours < 48 else _count(round(hours / 24), "day")


def rank(alarm: Alarm, value: float) -> float:
    """The place in the queue: severity first; within one, lateness (or the chance of it) and the customer's value, in the
    shop's currency, weigh the same. A case in the thousands weighs as one that is eleven days old."""
    base = SEVERITY[alarm.rule] * 100
    return round(base + (alarm.score - base) / 2 + min(45.0, 7.5 * math.log10(1 + max(value, 0.0))), 1)


def reasons(found: list[Alarm]) -> Iterator[dict[str, str]]:
    """The lesser alarms as they are kept with the worst."""
    for alarm in found[1:]:
        yield {
            "rule": alarm.rule.value,
            "since": alarm.since.isoformat(),
            "explanation": alarm.explanation[:200],
        }


RULES = (
    _past_promise,
    _not_handed_over,
    _handover_gap,
    _silent,
    _trouble,
    _held,
    _slipped,
    _at_risk,
    _address,
)
AFTERWARDS = (_not_arrived, _low_rating)
