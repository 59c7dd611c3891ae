"""What is wrong with a parcel, or about to be (pure): stored facts and `now` in, the alarms out, the worst first.

    rule              since                                                                    severity
    ----------------  -----------------------------------------------------------------------  --------
    lost              the carrier's word that it is lost, or that it stopped reporting                9
    damaged           the carrier's word that it is damaged                                           9
    not_arrived       the customer's word that a delivered parcel is not there                        9
    returning         the carrier's word that it goes back, and hours of grace, or that it is back    8
    past_promise      the end of the promised day where the recipient is, and days of grace           7
    exception         the carrier's word of a problem that is none of the others, and hours of grace  7
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
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from orders.handling import add_business_days, business_days_between, business_hours_after, is_business_day
from shipping.lateness.facts import AT_THE_DOOR, GOING_BACK, Facts, acceptance_due, deadline, tried_by
from shipping.lateness.heard import is_customs, is_damaged, is_lost
from shipping.lateness.saying import at_hour, counted, day_said, on, quoted, spanned
from shipping.status import FINAL, LateRule, ReportKind, Stage, TrackingStatus

__all__ = ["SEVERITY", "Alarm", "Facts", "alarms", "deadline", "judge", "rank", "reasons"]
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
    ended = facts.tracking_status in FINAL and not _called_off_here(facts)
    asked = [*(() if ended else RULES), *(AFTERWARDS if ended or facts.shop_says_there else ())]
    found = [alarm for rule in asked if (alarm := rule(facts, now)) and alarm.rule not in facts.policy.off]
    if any(alarm.rule == R.PAST_PROMISE for alarm in found):
        found = [alarm for alarm in found if alarm.rule not in (R.SLIPPED, R.AT_RISK)]
    return sorted(found, key=lambda alarm: (-alarm.score, alarm.rule))


def _called_off_here(facts: Facts) -> bool:
    """The carrier has cancelled the label of a parcel that still stands in the house: somebody waits for it all the same."""
    return facts.tracking_status == S.CANCELLED and facts.stage in (Stage.OPEN, Stage.PACKED)


def _alarm(
    rule: LateRule, since: datetime, now: datetime, explanation: str, *, chance: float = 0.0
) -> Alarm | None:
    if now < since:
        return None
    days = (now - since).total_seconds() / 86_400
    points = 50 * chance if chance else min(days * 4, 90)
    return Alarm(rule, since, round(SEVERITY[rule] * 100 + points, 1), explanation)


def _after(at: datetime, hours: int, facts: Facts) -> datetime:
    """So many of the shop's business hours later."""
    return business_hours_after(at, hours, facts.clock, facts.country) if hours else at


def _past_promise(facts: Facts, now: datetime) -> Alarm | None:
    day = facts.promised_to
    if day is None or facts.tracking_status in GOING_BACK:
        return None
    if tried_by(day, facts):
        return None
    zone = zoneinfo.ZoneInfo(facts.recipient_zone)
    grace = facts.policy.promise_grace_days
    since = deadline(add_business_days(day, grace, facts.country) if grace else day, facts.recipient_zone)
    ago = counted((now.astimezone(zone).date() - day).days, "day")
    return _alarm(R.PAST_PROMISE, since, now, f"Promised for {day_said(day)}, {ago} ago")


def _not_handed_over(facts: Facts, now: datetime) -> Alarm | None:
    if facts.handed_over_at or facts.first_scan_at or now <= facts.ship_by:
        return None
    due = _after(facts.ship_by, facts.policy.handover_grace_hours, facts)
    if facts.by_supplier:
        return _alarm(
            R.NOT_HANDED_OVER, due, now, f"The supplier was to send it by {on(facts.ship_by, facts)}"
        )
    doing = "packed but not handed over" if facts.stage == Stage.PACKED else "not packed"
    doing += "; the carrier has cancelled its label" if _called_off_here(facts) else ""
    return _alarm(R.NOT_HANDED_OVER, due, now, f"Due out {on(facts.ship_by, facts)}, {doing}")


def _handover_gap(facts: Facts, now: datetime) -> Alarm | None:
    """We scanned it out, the carrier has never scanned it: left on the dock, in the van, or lost."""
    due = acceptance_due(facts)
    if due is None or facts.handed_over_at is None or facts.first_scan_at:
        return None
    if facts.tracking_status in GOING_BACK or now <= due:
        return None
    hours = counted(facts.policy.acceptance_hours, "business hour")
    to = f" to {facts.taker}" if facts.taker else ""
    said = f"Handed over{to} on {at_hour(facts.handed_over_at, facts)}, not scanned by the carrier within {hours}"
    return _alarm(R.HANDOVER_GAP, due, now, said)


def _silent(facts: Facts, now: datetime) -> Alarm | None:
    heard = max(filter(None, (facts.last_event_at, facts.handed_over_at)), default=None)
    if heard is None or (facts.first_scan_at is None and facts.handed_over_at is None):
        return None
    if facts.tracking_status == S.AVAILABLE_FOR_PICKUP:
        return None  # it waits for the customer; nobody will scan it meanwhile
    if facts.silence_hours is not None:
        usual = facts.silence_hours * facts.policy.silent_times
        said = f"No scan since {at_hour(heard, facts)}; 19 of 20 parcels are scanned again within {spanned(usual)}"
        return _alarm(R.SILENT, heard + timedelta(hours=usual), now, said)
    day = heard.astimezone(facts.clock).date()
    quiet = business_days_between(day, now.astimezone(facts.clock).date(), facts.country)
    if quiet <= facts.policy.silent_days:
        return None
    left = facts.policy.silent_days + 1
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day, facts.country)
    since = datetime.combine(day, time(0), tzinfo=facts.clock).astimezone(UTC)
    said = f"No scan for {counted(quiet, 'business day')}, last heard {on(heard, facts)}"
    return _alarm(R.SILENT, since, now, said)


def _trouble(facts: Facts, now: datetime) -> Alarm | None:
    """What the carrier itself calls wrong."""
    at, status = facts.status_at, facts.tracking_status
    if at is None:
        return None
    said = quoted(facts)
    if status == S.RETURNING:
        due = _after(at, facts.policy.carrier_word_hours, facts)
        return _alarm(R.RETURNING, due, now, f"On its way back since {on(at, facts)}{said}")
    if status == S.EXPIRED:
        return _alarm(R.LOST, at, now, f"The carrier stopped reporting on {on(at, facts)}")
    if status == S.EXCEPTION:
        if is_lost(facts.read):
            return _alarm(R.LOST, at, now, f"The carrier calls it lost{said}")
        if is_damaged(facts.read):
            return _alarm(R.DAMAGED, at, now, f"The carrier calls it damaged{said}")
        due = _after(at, facts.policy.carrier_word_hours, facts)
        return _alarm(R.EXCEPTION, due, now, f"The carrier reports a problem on {on(at, facts)}{said}")
    if status == S.ATTEMPT_FAILED:
        due = _after(at, facts.policy.attempt_hours, facts)
        return _alarm(R.ATTEMPT_FAILED, due, now, f"Delivery failed on {on(at, facts)}{said}")
    return None


def _held(facts: Facts, now: datetime) -> Alarm | None:
    at = facts.status_at
    if at is None or facts.tracking_status != S.ON_HOLD:
        return None
    customs = is_customs(facts.read)
    days = facts.policy.customs_days if customs else facts.policy.hold_days
    due = _after(at, 24 * days, facts)
    said = quoted(facts)
    if customs:
        return _alarm(R.CUSTOMS, due, now, f"In customs’ hands since {on(at, facts)}{said}")
    return _alarm(R.ON_HOLD, due, now, f"On hold since {on(at, facts)}{said}")


def _slipped(facts: Facts, now: datetime) -> Alarm | None:
    first, day = facts.first_promised_to, facts.promised_to
    if first is None or day is None or facts.tracking_status in GOING_BACK or tried_by(first, facts):
        return None
    slip = business_days_between(first, day, facts.country)
    if slip < max(1, facts.policy.slipped_days):
        return None
    since = min(now, facts.last_event_at or facts.ship_by)
    said = f"First promised for {day_said(first)}, now for {day_said(day)}: {counted(slip, 'business day')} later"
    return _alarm(R.SLIPPED, since, now, said)


def _at_risk(facts: Facts, now: datetime) -> Alarm | None:
    if facts.tracking_status in GOING_BACK | AT_THE_DOOR:
        return None
    day = facts.first_promised_to or facts.promised_to
    if day and tried_by(day, facts):
        return None
    since = min(now, facts.handed_over_at or facts.ship_by)
    if facts.risk is not None and facts.risk >= facts.policy.risk_from and day:
        said = f"{facts.risk:.0%} likely to come after {day_said(day)}, by how long such parcels take"
        return _alarm(R.AT_RISK, since, now, said, chance=facts.risk)
    if facts.risk is None and facts.tracking_status == S.DELAYED:
        return _alarm(R.AT_RISK, since, now, "The carrier says it is delayed", chance=0.5)
    return None


def _not_arrived(facts: Facts, now: datetime) -> Alarm | None:
    there = facts.tracking_status == S.DELIVERED or facts.shop_says_there
    if facts.report != ReportKind.NOT_ARRIVED or not there or facts.reported_at is None:
        return None
    words = f"The customer wrote on {on(facts.reported_at, facts)} that it has not arrived"
    return _alarm(R.NOT_ARRIVED, facts.reported_at, now, words)


def _low_rating(facts: Facts, now: datetime) -> Alarm | None:
    if facts.rating is None or facts.rated_at is None or facts.rating > facts.policy.low_rating:
        return None
    words = f"The customer gave {facts.rating} of 5 on {on(facts.rated_at, facts)}"
    return _alarm(R.LOW_RATING, facts.rated_at, now, words)


def _address(facts: Facts, now: datetime) -> Alarm | None:
    if facts.report not in (ReportKind.ADDRESS_RIGHT, ReportKind.ADDRESS_WRONG) or facts.reported_at is None:
        return None
    right = "right" if facts.report == ReportKind.ADDRESS_RIGHT else "wrong"
    words = f"The customer wrote on {on(facts.reported_at, facts)} that the address is {right}"
    return _alarm(R.ADDRESS, facts.reported_at, now, words)


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


def _came_back(facts: Facts, now: datetime) -> Alarm | None:
    """It is here again, and the customer has nothing: a case until somebody has said what becomes of it."""
    if facts.tracking_status != S.RETURNED or facts.status_at is None:
        return None
    at = facts.status_at
    return _alarm(R.RETURNING, at, now, f"Back since {on(at, facts)}: send it again, or pay it back")


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
AFTERWARDS = (_not_arrived, _low_rating, _came_back)
