"""Why a parcel's status is what it is, and what was known when (pure): the reducer's own steps, told in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipping.tracking.reduce import REFUSALS, Event, State, in_order, reduce, step

RULES = {
    "nothing-known": "Nobody has said anything yet.",
    "first-word": "The first word about a parcel is taken as it is.",
    "knowledge": "The carrier has the parcel now, which beats what was known before it had.",
    "no-step-back": "Once the carrier has had the parcel, it cannot read as if it had not.",
    "later-wins": "Of two states on the way the later one holds.",
    "delivered-sticks": "Delivered is left only by a return.",
    "return-leg": "The parcel turned back to the sender.",
    "back-home": "Delivered on the way back: the sender has it again.",
    "turned-after": "Told within half a day of the turn: one clock is wrong, and it came to the recipient before it turned back.",
    "return-sticks": "A parcel on its way back is not on its way to the customer.",
    "given-up": "Nothing was heard for so long that tracking ended; the next news takes it up again.",
}
"""One sentence for each rule of the reducer."""


@dataclass(frozen=True)
class Step:
    """What one event did. `decides` is true of the one event that made the status what it is at the end."""

    key: str
    before: str
    after: str
    rule: str
    changed: bool
    decides: bool


def explain(events: Iterable[Event]) -> list[Step]:
    """The reducer's steps in the order in which things happened."""
    steps: list[Step] = []
    state, ordered = State(), in_order(events)
    for event in ordered:
        after, rule = step(state, event)
        steps.append(Step(event.key, state.status, after.status, rule, rule not in REFUSALS, decides=False))
        state = after
    return [
        Step(one.key, one.before, one.after, one.rule, one.changed, one.key == state.decided_by)
        for one in steps
    ]


@dataclass(frozen=True)
class Heard:
    """An event with the moment at which it reached us."""

    event: Event
    received_at: datetime


@dataclass(frozen=True)
class Frame:
    """What was known from `at` on, until the next frame; `new` are the keys that arrived then."""

    at: datetime
    new: tuple[str, ...]
    state: State


def frames(heard: Sequence[Heard]) -> list[Frame]:
    """The parcel as it looked after each arrival, in the order of arrival."""
    moments = sorted({one.received_at for one in heard})
    found = []
    for moment in moments:
        known = [one.event for one in heard if one.received_at <= moment]
        new = tuple(one.event.key for one in heard if one.received_at == moment)
        found.append(Frame(moment, new, reduce(known)))
    return found
