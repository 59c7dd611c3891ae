"""What the tracking page says, in words (pure): days, promises, steps. `today` is the recipient's day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orders.status import OrderStatus
from shipping.status import PUBLIC, TROUBLE, TrackingStatus, Wording

S = TrackingStatus
URGENCY = [
    S.EXCEPTION,
    S.RETURNED,
    S.RETURNING,
    S.EXPIRED,
    S.ON_HOLD,
    S.ATTEMPT_FAILED,
    S.AVAILABLE_FOR_PICKUP,
    S.DELAYED,
    S.CANCELLED,
    S.OUT_FOR_DELIVERY,
    S.IN_TRANSIT,
    S.PICKED_UP,
    S.PRE_TRANSIT,
    S.UNKNOWN,
    S.DELIVERED,
]
"""Of several parcels the first of these heads the page: what needs the reader before what does not."""

UNDATED = frozenset(
    {
        S.EXCEPTION,
        S.ON_HOLD,
        S.EXPIRED,
        S.AVAILABLE_FOR_PICKUP,
        S.RETURNING,
        S.RETURNED,
        S.CANCELLED,
        S.DELIVERED,
    }
)
"""A coming day would be a false promise (or is past) in these."""
NOTHING_DUE = frozenset({S.DELIVERED, S.RETURNING, S.RETURNED, S.CANCELLED, S.AVAILABLE_FOR_PICKUP})
"""Nor is it worth saying that a day has passed."""

BY_ORDER = {
    OrderStatus.CANCELLED: Wording(
        "Order cancelled",
        "The shop has called this order off; nothing more will be sent.",
        "Did you expect it, or wait for a refund? Contact the shop.",
        "cancel",
        "warn",
    ),
    OrderStatus.RETURNED: Wording(
        "Order returned",
        "The goods are back at the shop.",
        "Contact the shop about your refund or another try.",
        "back",
        "warn",
    ),
    OrderStatus.SHIPPED: Wording(
        "Shipped",
        "The shop has sent your order; the carrier has not reported yet.",
        "Nothing to do.",
        "truck",
        "calm",
    ),
    OrderStatus.DELIVERED: Wording(
        "Delivered",
        "The shop has noted that your order arrived.",
        "Enjoy. Not there? Contact the shop.",
        "check",
        "good",
    ),
}


@dataclass(frozen=True)
class Step:
    """One stop of the step bar. `state` is done, now, trouble or todo; `note` is read out with it."""

    label: str
    state: str
    note: str


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def zone_label(moment: datetime) -> str:
    """“CET”, or “UTC−3” where the zone has no letters of its own."""
    name = moment.strftime("%Z")
    if not name.startswith(("+", "-")):
        return name
    hours, minutes = name[1:3].lstrip("0") or "0", name[3:]
    return f"UTC{'−' if name[0] == '-' else '+'}{hours}{':' + minutes if minutes and minutes != '00' else ''}"


def day_words(day: date, today: date) -> str:
    """“Thu 5 March”; with its year when that is not this one."""
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day:%a} {day.day} {day:%B}{year}"


def range_words(first: date, last: date, today: date) -> str:
    """“Thu 5 – Sat 7 March”."""
    if first == last:
        return day_words(last, today)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%a} {first.day} – {day_words(last, today)}"
    return f"{day_words(first, today)} – {day_words(last, today)}"


def promise_words(
    status: str, first: date | None, last: date | None, today: date, missed: date | None = None
) -> tuple[str, bool]:
    """The line about the day, and whether a promise has passed. `missed` is the first promised day that passed: the
    new day stands beside it, never instead of it."""
    if missed and status not in NOTHING_DUE:
        said, _ = promise_words(status, first, last, today)
        was = f"promised for {day_words(missed, today)}"
        return (f"{said}; {was}" if said and not said.startswith("Was ") else f"Was {was}"), True
    if first is None or last is None or status in NOTHING_DUE:
        return "", False
    if last < today:
        return f"Was expected {range_words(first, last, today)}", True
    if status in UNDATED or (status == S.OUT_FOR_DELIVERY and first > today):
        return "", False
    word = "Now expected" if status == S.DELAYED else "Expected"
    if last == today:
        return f"{word} today, {day_words(today, today)}", False
    return f"{word} {range_words(max(first, today), last, today)}", False


def most_urgent(statuses: Iterable[str]) -> str:
    return min(statuses, key=lambda status: URGENCY.index(S(status)))


_REACHED = {
    S.UNKNOWN: 0,
    S.PRE_TRANSIT: 1,
    S.CANCELLED: 1,
    S.OUT_FOR_DELIVERY: 3,
    S.ATTEMPT_FAILED: 3,
    S.AVAILABLE_FOR_PICKUP: 3,
    S.DELIVERED: 4,
}


def steps(status: str, *, moved: bool, cancelled: bool = False) -> tuple[Step, ...]:
    """The step bar of a parcel. `moved`: the carrier has or had it. Trouble stands where it struck."""
    reached = _REACHED.get(S(status), 2 if moved else 1)
    labels = ["Ordered", "Packed", "Shipped", "Out for delivery", "Delivered"]
    stopped = cancelled or status == S.CANCELLED
    if stopped:
        labels = [*labels[: reached + 1], "Cancelled"]
        reached += 1
    elif status in (S.RETURNING, S.RETURNED):
        labels = ["Ordered", "Packed", "Shipped", "Going back", "Back at the shop"]
        reached = 3 if status == S.RETURNING else 4
    elif status == S.AVAILABLE_FOR_PICKUP:
        labels[3] = "Ready for pick-up"
    elif status == S.UNKNOWN:
        labels[1] = "Preparing"
        reached = 1
    trouble = stopped or status in TROUBLE
    return tuple(
        Step(
            label,
            _state(index, reached, trouble, status),
            S(status).label if trouble and index == reached else "",
        )
        for index, label in enumerate(labels)
    )


def _state(index: int, reached: int, trouble: bool, status: str) -> str:
    if index != reached:
        return "done" if index < reached else "todo"
    if trouble:
        return "trouble"
    return "done" if status == S.DELIVERED else "now"


def wording(status: str) -> Wording:
    return PUBLIC[S(status)]


def dated_wording(status: str, since: date | None, today: date) -> Wording:
    """The public words; a parcel that went out on another day is not out “today”."""
    says = wording(status)
    if status == S.OUT_FOR_DELIVERY and since and since != today:
        return says._replace(
            headline="Out for delivery",
            meaning=f"The driver took your parcel on {day_words(since, today)}; there has been no news since.",
            next_step="Nothing to do yet. If it does not come, contact the shop.",
            tone="warn",
        )
    return says


_EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.\w+")
_PHONE = re.compile(r"\+?\d[\d ()/-]{7,}\d")


def masked(text: str, secrets: Iterable[str]) -> str:
    """A carrier's message without what tells who lives where: signatures, addresses, mails, phones."""
    for secret in secrets:
        if len(secret) > 2:
            text = re.sub(re.escape(secret), "…", text, flags=re.IGNORECASE)
    return _PHONE.sub("…", _EMAIL.sub("…", text))
