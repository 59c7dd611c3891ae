"""What makes a parcel late (pure): stored facts and `now` in, the worst alarm out.

    rule              late since                                             weight
    ----------------  -----------------------------------------------------  ------
    past_promise      the end of the promised day where the recipient is       3
    not_handed_over   the end of the merchant's hand-over day                  2
    handover_gap      the hand-over, plus the carrier's business hours to      2
                      accept the parcel, by the merchant's zone and holidays
    silent            the last word, plus the merchant's silent business days  1
    not_arrived       the customer's word that a delivered parcel is not there 4
    address           the customer's word about the address                    3

A parcel at the recipient's door (or pick-up point) by the promised day kept its promise, whoever opened.
A parcel on its way back has no promise to keep.
"""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from orders.handling import business_days_between, business_hours_after, is_business_day
from shipping.status import FINAL, LateRule, ReportKind, Stage, TrackingStatus

S = TrackingStatus
WEIGHT = {
    LateRule.PAST_PROMISE: 3.0,
    LateRule.NOT_HANDED_OVER: 2.0,
    LateRule.HANDOVER_GAP: 2.0,
    LateRule.SILENT: 1.0,
    LateRule.NOT_ARRIVED: 4.0,
    LateRule.ADDRESS: 3.0,
}
AT_THE_DOOR = frozenset({S.ATTEMPT_FAILED, S.AVAILABLE_FOR_PICKUP})
GOING_BACK = frozenset({S.RETURNING, S.RETURNED})


@dataclass(frozen=True)
class Facts:
    """Of one parcel. Moments are aware; `promised_to` is a day in `recipient_zone`. `taker` says who took it,
    in the words of the alarm. `report` and `reported_at` are the customer's open word about it."""

    stage: str
    tracking_status: str
    ship_by: datetime
    handed_over_at: datetime | None
    first_scan_at: datetime | None
    last_event_at: datetime | None
    status_at: datetime | None
    promised_to: date | None
    recipient_zone: str
    silent_days: int
    country: str
    acceptance_hours: int = 12
    zone: str = "UTC"
    taker: str = ""
    report: str = ""
    reported_at: datetime | None = None


@dataclass(frozen=True)
class Alarm:
    """`score` is hours late times the rule's weight."""

    rule: LateRule
    since: datetime
    score: float
    explanation: str


def judge(facts: Facts, now: datetime) -> Alarm | None:
    """The worst of what is wrong, or None."""
    if facts.stage == Stage.VOID:
        return None
    if facts.tracking_status in FINAL:
        return _not_arrived(facts, now)
    alarms = [alarm for rule in RULES if (alarm := rule(facts, now))]
    return max(alarms, key=lambda alarm: (alarm.score, alarm.rule), default=None)


def _alarm(rule: LateRule, since: datetime, now: datetime, explanation: str) -> Alarm:
    return Alarm(rule, since, round((now - since).total_seconds() / 3600 * WEIGHT[rule], 1), explanation)


def _past_promise(facts: Facts, now: datetime) -> Alarm | None:
    if facts.promised_to is None or facts.tracking_status in GOING_BACK:
        return None
    zone = zoneinfo.ZoneInfo(facts.recipient_zone)
    at_door = facts.tracking_status in AT_THE_DOOR and facts.status_at
    if at_door and at_door.astimezone(zone).date() <= facts.promised_to:
        return None
    since = datetime.combine(facts.promised_to + timedelta(days=1), time(0), tzinfo=zone).astimezone(UTC)
    if now < since:
        return None
    days = (now.astimezone(zone).date() - facts.promised_to).days
    return _alarm(
        LateRule.PAST_PROMISE, since, now, f"Promised for {facts.promised_to:%d %b}, {_days(days)} ago"
    )


def _not_handed_over(facts: Facts, now: datetime) -> Alarm | None:
    if facts.handed_over_at or facts.first_scan_at or now <= facts.ship_by:
        return None
    doing = "packed but not handed over" if facts.stage == Stage.PACKED else "not packed"
    return _alarm(LateRule.NOT_HANDED_OVER, facts.ship_by, now, f"Due out {facts.ship_by:%d %b}, {doing}")


def _handover_gap(facts: Facts, now: datetime) -> Alarm | None:
    """We scanned it out, the carrier has never scanned it: left on the dock, in the van, or lost."""
    if facts.handed_over_at is None or facts.first_scan_at or facts.tracking_status in GOING_BACK:
        return None
    zone = zoneinfo.ZoneInfo(facts.zone)
    due = business_hours_after(facts.handed_over_at, facts.acceptance_hours, zone, facts.country)
    if now <= due:
        return None
    when = f"{facts.handed_over_at.astimezone(zone):%d %b %H:%M}"
    hours = f"{facts.acceptance_hours} business hour{'' if facts.acceptance_hours == 1 else 's'}"
    to = f" to {facts.taker}" if facts.taker else ""
    said = f"Handed over{to} on {when}, not scanned by the carrier within {hours}"
    return _alarm(LateRule.HANDOVER_GAP, due, now, said)


def _silent(facts: Facts, now: datetime) -> Alarm | None:
    heard = max(filter(None, (facts.last_event_at, facts.handed_over_at)), default=None)
    if heard is None or (facts.first_scan_at is None and facts.handed_over_at is None):
        return None
    if facts.tracking_status == S.AVAILABLE_FOR_PICKUP:
        return None  # it waits for the customer; nobody will scan it meanwhile
    quiet = business_days_between(heard.date(), now.date(), facts.country)
    if quiet <= facts.silent_days:
        return None
    day, left = heard.date(), facts.silent_days + 1
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day, facts.country)
    since = datetime.combine(day, time(0), tzinfo=UTC)
    return _alarm(
        LateRule.SILENT, since, now, f"No scan for {_days(quiet, 'business ')}, last heard {heard:%d %b}"
    )


def _not_arrived(facts: Facts, now: datetime) -> Alarm | None:
    said = facts.report == ReportKind.NOT_ARRIVED and facts.tracking_status == S.DELIVERED
    if not said or facts.reported_at is None:
        return None
    words = f"The customer wrote on {facts.reported_at:%d %b} that it has not arrived"
    return _alarm(LateRule.NOT_ARRIVED, facts.reported_at, now, words)


def _address(facts: Facts, now: datetime) -> Alarm | None:
    if facts.report not in (ReportKind.ADDRESS_RIGHT, ReportKind.ADDRESS_WRONG) or facts.reported_at is None:
        return None
    right = "right" if facts.report == ReportKind.ADDRESS_RIGHT else "wrong"
    words = f"The customer wrote on {facts.reported_at:%d %b} that the address is {right}"
    return _alarm(LateRule.ADDRESS, facts.reported_at, now, words)


def _days(count: int, kind: str = "") -> str:
    return f"{count} {kind}day{'' if count == 1 else 's'}"


RULES = (_past_promise, _not_handed_over, _handover_gap, _silent, _address)
