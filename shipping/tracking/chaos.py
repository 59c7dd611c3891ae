"""A carrier that lies, stutters and forgets, with a known truth (pure): for tests and for showing what the portal bears.

Each parcel has a story, drawn from its seed. What the carrier tells of it comes as EasyPost webhooks, and these come
late, twice, out of order, with one depot's clock off by hours, with words that contradict what is known; strangers forge
news, bodies are cut off, numbers of last year come back. At the end each parcel must read as its story ends.
"""

import hashlib
import hmac
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shipping.status import TrackingStatus

S = TrackingStatus
HOUR = timedelta(hours=1)
PLACES = [("Bremen", "DE"), ("Hannover", "DE"), ("Kassel", "DE"), ("Würzburg", "DE"), ("München", "DE")]

STORIES: list[tuple[int, list[str]]] = [
    (60, [S.PRE_TRANSIT, S.PICKED_UP, S.IN_TRANSIT, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED]),
    (
        10,
        [
            S.PRE_TRANSIT,
            S.IN_TRANSIT,
            S.OUT_FOR_DELIVERY,
            S.ATTEMPT_FAILED,
            S.AVAILABLE_FOR_PICKUP,
            S.DELIVERED,
        ],
    ),
    (8, [S.PRE_TRANSIT, S.PICKED_UP, S.IN_TRANSIT, S.ATTEMPT_FAILED, S.RETURNING, S.RETURNED]),
    (6, [S.PRE_TRANSIT, S.PICKED_UP, S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.DELIVERED, S.RETURNING]),
    (6, [S.PRE_TRANSIT, S.PICKED_UP, S.IN_TRANSIT, S.ON_HOLD]),
    (5, [S.PRE_TRANSIT, S.PICKED_UP, S.EXCEPTION]),
    (5, [S.PRE_TRANSIT]),
]
_WORDS: dict[str, tuple[str, str]] = {
    S.PRE_TRANSIT: ("pre_transit", ""),
    S.PICKED_UP: ("in_transit", "picked_up"),
    S.IN_TRANSIT: ("in_transit", "arrived_at_facility"),
    S.OUT_FOR_DELIVERY: ("out_for_delivery", "out_for_delivery"),
    S.ATTEMPT_FAILED: ("in_transit", "delivery_attempted"),
    S.AVAILABLE_FOR_PICKUP: ("available_for_pickup", "available_for_pickup"),
    S.ON_HOLD: ("in_transit", "held"),
    S.EXCEPTION: ("failure", "damaged"),
    S.DELIVERED: ("delivered", "arrived_at_destination"),
    S.RETURNING: ("return_to_sender", "return"),
    S.RETURNED: ("return_to_sender", "returned"),
}
"""EasyPost's `status` and `status_detail`."""
CERTAIN = {S.DELIVERED, S.RETURNING, S.RETURNED}
"""Ends that no late or skewed word may change."""


@dataclass(frozen=True)
class Call:
    """One request at the webhook door, and what must be answered. `kind` says which trouble it is."""

    body: bytes
    signed: bool
    answer: int
    kind: str


@dataclass(frozen=True)
class Storm:
    """What befalls one parcel: its number, how it truly ends, and the calls in the order in which they come."""

    number: str
    truth: str
    calls: tuple[Call, ...]
    words: int  # that are true and about this parcel; each is kept once
    strays: int  # that belong to nobody's parcel now


def storm(number: str, *, seed: str, start: datetime) -> Storm:
    """The same seed gives the same storm. The parcel must have been made before `start`, by a week at most."""
    draw = random.Random(seed)  # noqa: S311
    story = draw.choices([steps for _, steps in STORIES], [weight for weight, _ in STORIES])[0]
    truth = story[-1]
    times = [
        start + sum((draw.uniform(2, 20) * HOUR for _ in range(index)), HOUR) for index in range(len(story))
    ]
    times.sort()
    details = [_detail(status, at, draw) for status, at in zip(story, times, strict=True)]
    if truth in CERTAIN:
        _skew(details, story, draw)
        details += _contradictions(story, times, draw)
    elif draw.random() < 0.5:
        details.append(_detail(S.PRE_TRANSIT, times[-1] + HOUR, draw) if len(story) > 1 else dict(details[0]))
    calls = list(_calls(number, details, draw))
    strays = 0
    if draw.random() < 0.3:
        calls.append(_forged(number, times[-1] + 2 * HOUR, draw))
    if draw.random() < 0.2:
        calls.append(_cut(number, details, draw))
    if draw.random() < 0.2:
        old = [_detail(S.DELIVERED, start - timedelta(days=draw.randrange(200, 400)), draw)]
        calls.append(Call(_body(number, old, draw), True, 200, "recycled"))
        strays += 1
    draw.shuffle(calls)
    kept = {json.dumps(detail, sort_keys=True) for detail in details}
    return Storm(number, truth, tuple(calls), len(kept), strays)


def sign(body: bytes, secret: str) -> str:
    return "hmac-sha256-hex=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _detail(status: str, at: datetime, draw: random.Random) -> dict[str, Any]:
    word, more = _WORDS[status]
    city, country = draw.choice(PLACES)
    return {
        "object": "TrackingDetail", "status": word, "status_detail": more, "message": f"{more or word} {draw.randrange(10**6)}",
        "datetime": at.replace(microsecond=0).isoformat(), "source": "DHL",
        "tracking_location": {"city": city, "country": country},
    }  # fmt: skip


def _skew(details: list[dict[str, Any]], story: Sequence[str], draw: random.Random) -> None:
    """One depot's clock is wrong by up to four hours: words on the way move, and the turn, even before the delivery."""
    wrong = timedelta(hours=draw.choice([-4, -2, 2, 4]))
    for detail, status in zip(details, story, strict=True):
        if status in (S.IN_TRANSIT, S.OUT_FOR_DELIVERY, S.RETURNING) and draw.random() < 0.4:
            detail["datetime"] = (datetime.fromisoformat(detail["datetime"]) + wrong).isoformat()


def _contradictions(
    story: Sequence[str], times: Sequence[datetime], draw: random.Random
) -> Iterator[dict[str, Any]]:
    """Words after the end that must not move it."""
    after = {S.DELIVERED: [S.IN_TRANSIT, S.PRE_TRANSIT, S.OUT_FOR_DELIVERY], S.RETURNING: [S.IN_TRANSIT, S.PICKED_UP],
             S.RETURNED: [S.IN_TRANSIT, S.DELIVERED]}  # fmt: skip
    for _ in range(draw.choice([0, 0, 1, 2])):
        yield _detail(draw.choice(after[S(story[-1])]), times[-1] + draw.uniform(1, 9) * HOUR, draw)


def _calls(number: str, details: list[dict[str, Any]], draw: random.Random) -> Iterator[Call]:
    """Each word at least once: alone, with all before it, or with its neighbours in any order; some twice."""
    for index, detail in enumerate(details):
        told = draw.choice(
            [[detail], details[: index + 1], draw.sample(details, draw.randint(1, len(details)))]
        )
        if detail not in told:
            told = [*told, detail]
        body = _body(number, told, draw)
        yield Call(body, True, 200, "news")
        if draw.random() < 0.25:
            yield Call(body, True, 200, "again")
        if draw.random() < 0.15:
            yield Call(_body(number, told, draw), True, 200, "the same in another envelope")


def _forged(number: str, at: datetime, draw: random.Random) -> Call:
    false = S.RETURNED if draw.random() < 0.5 else S.DELIVERED
    return Call(_body(number, [_detail(false, at, draw)], draw), False, 401, "forged")


def _cut(number: str, details: list[dict[str, Any]], draw: random.Random) -> Call:
    body = _body(number, details, draw)
    return Call(body[: draw.randrange(1, len(body) - 1)], True, 400, "cut off")


def _body(number: str, details: list[dict[str, Any]], draw: random.Random) -> bytes:
    tracker = {
        "id": "trk_chaos",
        "object": "Tracker",
        "tracking_code": number,
        "carrier": "DHL",
        "tracking_details": details,
    }
    event = {
        "id": f"evt_{draw.getrandbits(64):x}",
        "object": "Event",
        "description": "tracker.updated",
        "result": tracker,
    }
    return json.dumps(event).encode()
