"""What the tracking page says, in words (pure): days, promises, steps. `today` is the recipient's day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from orders.once import once_a_language
from orders.status import OrderStatus
from shipping.status import PUBLIC, TROUBLE, Direction, TrackingStatus, Wording
from tracker.days import day_words, range_words, time_words

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
        gettext_lazy("Order cancelled"),
        gettext_lazy("The shop has called this order off; nothing more will be sent."),
        gettext_lazy("Did you expect it, or wait for a refund? Contact the shop."),
        "cancel",
        "warn",
        True,
    ),
    OrderStatus.RETURNED: Wording(
        gettext_lazy("Order returned"),
        gettext_lazy("The goods are back at the shop."),
        gettext_lazy("Contact the shop about your refund or another try."),
        "back",
        "warn",
        True,
    ),
    OrderStatus.SHIPPED: Wording(
        gettext_lazy("Shipped"),
        gettext_lazy("The shop has sent your order; the carrier has not reported yet."),
        gettext_lazy("Nothing to do."),
        "truck",
        "calm",
    ),
    OrderStatus.DELIVERED: Wording(
        gettext_lazy("Delivered"),
        gettext_lazy("The shop has noted that your order arrived."),
        gettext_lazy("Enjoy. Not there? Contact the shop."),
        "check",
        "good",
        True,
    ),
}


@dataclass(frozen=True)
class Step:
    """One stop of the step bar. `state` is done, now, trouble or todo; `note` is read out with it."""

    label: str
    state: str
    note: str


class When(NamedTuple):
    """The line about the day; `late`: a promise has passed; `coming`: a day is promised in it."""

    words: str
    late: bool
    coming: bool = False


def promise_words(
    status: str,
    first: date | None,
    last: date | None,
    today: date,
    missed: date | None = None,
    *,
    moved: bool = True,
) -> When:
    """The line about the day. `missed` is the first promised day that passed: the new day stands beside it, never instead.
    `moved`: the promise is not the first one any more; a delay without a new day says that it has none."""
    if missed and status not in NOTHING_DUE:
        said = promise_words(status, first, last, today)
        was = {"day": day_words(missed, today)}
        if not said.coming:
            return When(_("Was promised for %(day)s") % was, True)
        return When(
            _("%(expected)s; was promised for %(day)s") % (was | {"expected": said.words}), True, True
        )
    if first is None or last is None or status in NOTHING_DUE:
        return When("", False)
    if last < today:
        return When(_("Was expected %(days)s") % {"days": range_words(first, last, today)}, True)
    if status in UNDATED or (status == S.OUT_FOR_DELIVERY and first > today):
        return When("", False)
    if status == S.DELAYED and not moved:
        return When(_("No new day is known yet"), False)
    if last == today:
        said_today = _("Now expected today, %(day)s") if status == S.DELAYED else _("Expected today, %(day)s")
        return When(said_today % {"day": day_words(today, today)}, False, True)
    said_days = _("Now expected %(days)s") if status == S.DELAYED else _("Expected %(days)s")
    return When(said_days % {"days": range_words(max(first, today), last, today)}, False, True)


def moment_words(local: datetime, today: date) -> str:
    """“Thu 5 March, 14:02”."""
    return _("%(day)s, %(time)s") % {"day": day_words(local.date(), today), "time": time_words(local)}


def arrived(some: int, of: int) -> str:
    return ngettext("%(some)s of %(count)s parcel arrived", "%(some)s of %(count)s parcels arrived", of) % {
        "some": some,
        "count": of,
    }


def all_delivered(count: int) -> str:
    """Of more parcels than one."""
    return ngettext("All %(count)s parcels delivered", "All %(count)s parcels delivered", count) % {
        "count": count
    }


def parcel_title(direction: str, number: int, of: int) -> str:
    back = direction == Direction.RETURN
    if of == 1:
        return _("Your return") if back else _("Your parcel")
    said = _("Return %(number)s of %(count)s") if back else _("Parcel %(number)s of %(count)s")
    return said % {"number": number, "count": of}


def record(kept: int, of: int) -> str:
    said = ngettext(
        "Such dates were kept for %(kept)s of the last %(count)s parcel on this route.",
        "Such dates were kept for %(kept)s of the last %(count)s parcels on this route.",
        of,
    )
    return said % {"kept": kept, "count": of}


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


@once_a_language
def steps(status: str, *, moved: bool, cancelled: bool = False) -> tuple[Step, ...]:
    """The step bar of a parcel. `moved`: the carrier has or had it. Trouble stands where it struck."""
    reached = _REACHED.get(S(status), 2 if moved else 1)
    labels = [_("Ordered"), _("Packed"), _("Shipped"), _("Out for delivery"), _("Delivered")]
    stopped = cancelled or status == S.CANCELLED
    if stopped:
        labels = [*labels[: reached + 1], _("Cancelled")]
        reached += 1
    elif status in (S.RETURNING, S.RETURNED):
        labels = [*labels[:3], _("Going back"), _("Back at the shop")]
        reached = 3 if status == S.RETURNING else 4
    elif status == S.AVAILABLE_FOR_PICKUP:
        labels[3] = _("Ready for pick-up")
    elif status == S.UNKNOWN:
        labels[1] = _("Preparing")
        reached = 1
    trouble = stopped or status in TROUBLE
    return tuple(
        Step(
            label,
            _state(index, reached, trouble, status),
            str(S(status).label) if trouble and index == reached else "",
        )
        for index, label in enumerate(labels)
    )


def _state(index: int, reached: int, trouble: bool, status: str) -> str:
    if index != reached:
        return "done" if index < reached else "todo"
    if trouble:
        return "trouble"
    return "done" if status == S.DELIVERED else "now"


@once_a_language
def wording(status: str) -> Wording:
    says = PUBLIC[S(status)]
    return says._replace(
        headline=str(says.headline), meaning=str(says.meaning), next_step=str(says.next_step)
    )


@once_a_language
def scan_title(status: str) -> str:
    """What a carrier's scan says happened."""
    return _("News from the carrier") if status == S.UNKNOWN else str(S(status).label)


def dated_wording(status: str, since: date | None, today: date) -> Wording:
    """The public words; a parcel that went out on another day is not out “today”."""
    says = wording(status)
    if status == S.OUT_FOR_DELIVERY and since and since != today:
        return says._replace(
            headline=_("Out for delivery"),
            meaning=_("The driver took your parcel on %(day)s; there has been no news since.")
            % {"day": day_words(since, today)},
            next_step=_("Nothing to do yet. If it does not come, contact the shop."),
            tone="warn",
            ask_shop=True,
        )
    return says
