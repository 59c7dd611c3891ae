"""What is true of a parcel, from everything ever said about it (pure).

`reduce` gives the same answer for any order of arrival and any duplication: it sorts by when things
happened, then by rank, then by fingerprint; it never looks at when they arrived. What it promises stands in docs/truth.md,
each with the test that tries to break it.

    rule              an event of this kind                     moves the state
    ----------------  ----------------------------------------  -------------------------------------------
    first-word        the first event                           to its status
    knowledge         the carrier has or had the parcel         over unknown, pre_transit, cancelled, expired
    no-step-back      unknown, pre_transit, cancelled           never, once the carrier had the parcel
    later-wins        two statuses on the way                   to the later one
    delivered-sticks  anything but a return leg                 never, once delivered
    return-leg        returning or returned                     always; even from delivered
    back-home         delivered while returning                 to returned: the sender got it
    turned-after      the same, within SKEW of the turn         never: one of two clocks is wrong, and nobody is back so soon
    return-sticks     anything else while returning             never
    given-up          expired                                   until the next news
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shipping.status import MOVING, POSSESSED, TrackingStatus

S = TrackingStatus

RANK = {
    status: rank
    for rank, status in enumerate(
        [
            S.UNKNOWN,
            S.CANCELLED,
            S.PRE_TRANSIT,
            S.PICKED_UP,
            S.IN_TRANSIT,
            S.DELAYED,
            S.ON_HOLD,
            S.OUT_FOR_DELIVERY,
            S.ATTEMPT_FAILED,
            S.AVAILABLE_FOR_PICKUP,
            S.EXCEPTION,
            S.EXPIRED,
            S.DELIVERED,
            S.RETURNING,
            S.RETURNED,
        ]
    )
}
"""Decides between two events of the same second: the one further along is the later one."""

ON_THE_WAY = MOVING - {S.RETURNING}
SKEW = timedelta(hours=12)
"""So far may two depots' clocks differ before the order of two legs can be told from their times."""


@dataclass(frozen=True)
class Event:
    """What `reduce` needs of a tracking event. `occurred_at` is aware; `key` is unique to the fact."""

    status: str
    occurred_at: datetime
    key: str


@dataclass(frozen=True)
class State:
    """`decided_by` is the key of the event that made the status what it is, `rule` the row of the table."""

    status: str = S.UNKNOWN
    status_at: datetime | None = None
    first_scan_at: datetime | None = None
    last_event_at: datetime | None = None
    delivered_at: datetime | None = None
    attempts: int = 0
    decided_by: str = ""
    rule: str = "nothing-known"
    ignored: tuple[str, ...] = field(default=())


def reduce(events: Iterable[Event]) -> State:
    """Total: no events give the state UNKNOWN."""
    state = State()
    for event in in_order(events):
        state, _ = step(state, event)
    return state


def in_order(events: Iterable[Event]) -> list[Event]:
    """Each fact once, in the order in which things happened; within a second by rank, then by key."""
    unique = {event.key: event for event in events}
    return sorted(
        unique.values(), key=lambda e: (e.occurred_at.replace(microsecond=0), RANK[S(e.status)], e.key)
    )


def step(state: State, event: Event) -> tuple[State, str]:
    """The state after one more event, and the rule of the table that said so."""
    status, rule = _decide(state.status if state.decided_by else None, event.status)
    if rule == "back-home" and state.status_at and event.occurred_at - state.status_at < SKEW:
        status, rule = state.status, "turned-after"
    carrier_has_it = event.status in POSSESSED
    changed = rule not in REFUSALS
    delivered_now = changed and status == S.DELIVERED and state.status != S.DELIVERED
    after = State(
        status=status,
        status_at=event.occurred_at if changed else state.status_at,
        first_scan_at=state.first_scan_at or (event.occurred_at if carrier_has_it else None),
        last_event_at=event.occurred_at,
        delivered_at=event.occurred_at if delivered_now else state.delivered_at,
        attempts=state.attempts + (event.status == S.ATTEMPT_FAILED),
        decided_by=event.key if changed else state.decided_by,
        rule=rule if changed else state.rule,
        ignored=state.ignored if changed else (*state.ignored, event.key),
    )
    return after, rule


REFUSALS = {"no-step-back", "delivered-sticks", "return-sticks", "turned-after"}
"""Rules by which an event changes nothing."""


def _decide(now: str | None, said: str) -> tuple[str, str]:
    """The status after an event and the rule that says so."""
    if now is None:
        return said, "first-word"
    if now == S.RETURNED:
        return now, "return-sticks"
    if now == S.RETURNING:
        if said in (S.DELIVERED, S.RETURNED):
            return S.RETURNED, "back-home" if said == S.DELIVERED else "return-leg"
        return now, "return-sticks"
    if said in (S.RETURNING, S.RETURNED):
        return said, "return-leg"
    if now == S.DELIVERED:
        return now, "delivered-sticks"
    if now in ON_THE_WAY:
        if said == S.EXPIRED:
            return said, "given-up"
        return (said, "later-wins") if said in POSSESSED else (now, "no-step-back")
    return _early(now, said)


def _early(now: str, said: str) -> tuple[str, str]:
    """Before the carrier has the parcel, or after tracking was given up."""
    if said in POSSESSED:
        return said, "knowledge"
    if now == S.EXPIRED:
        return now, "no-step-back"
    if said == S.EXPIRED:
        return said, "given-up"
    return (said, "later-wins") if said != S.UNKNOWN else (now, "no-step-back")
