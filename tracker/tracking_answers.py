"""The three answers that head the page (pure): where it is, when it comes, what the reader can do.

Each is made of what the page says further down, so that the two cannot differ.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext as _

from orders.models import Order
from orders.status import OrderStatus
from shipping.status import TrackingStatus, Wording
from tracker import tracking_words as words
from tracker.days import day_words
from tracker.tracking_shapes import Act, Day, Parcel, Where

S = TrackingStatus
_NOT_COMING = frozenset({S.RETURNING, S.RETURNED})
_STUCK = frozenset({S.DELAYED, S.ON_HOLD, S.EXCEPTION, S.EXPIRED, S.ATTEMPT_FAILED, S.OUT_FOR_DELIVERY})
_NOT_SEEN = frozenset({S.UNKNOWN, S.PRE_TRANSIT})


def heading(parcels: Sequence[Parcel]) -> Parcel | None:
    """Of several parcels the one that the headline is about."""
    if not parcels:
        return None
    worst = words.most_urgent(parcel.status for parcel in parcels)
    return next(parcel for parcel in parcels if parcel.status == worst)


def where(order: Order, days: Iterable[Day], home: str, status: str = S.UNKNOWN, *, by_hand: bool) -> Where:
    """Where a parcel was last seen, of its days, newest first. Before its first scan that is the sender's town (`home`, "" if
    none may be told), which it has left, or come back to, when the shop says so: `by_hand`, no parcel has been scanned."""
    for day in days if status not in _NOT_SEEN else ():
        for scan in day.scans:
            if scan.place and status == S.DELIVERED:
                return Where(_("Arrived"), scan.place, "")
            if scan.place:
                moment = _("%(day)s, %(time)s") % {"day": day.label, "time": scan.time}
                return Where(_("Last seen"), scan.place, moment)
    if by_hand and order.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        return Where(_("Has left the shop"), home, "")
    if by_hand and order.status == OrderStatus.RETURNED:
        return Where(_("Back at the shop"), home, "")
    return Where(_("Still at the shop") if home else _("Not with the carrier yet"), home, "")


def next_step(says: Wording, lead: Parcel | None, *, late: bool) -> Wording:
    """The headline's words with what the reader can do now that a promise has passed, or that the shop was told."""
    told = {
        "": "",
        "not_arrived": _("You have told the shop that it has not arrived. They will get in touch."),
    }.get(
        lead.told if lead else "",
        _("You have written to the shop about the address. They will get in touch."),
    )
    if told:
        return says._replace(next_step=told, tone="warn" if says.tone == "good" else says.tone, ask_shop=True)
    if late and not says.ask_shop:
        nothing = _("Nothing to do yet. If it does not come, contact the shop.")
        return says._replace(next_step=nothing, tone="warn", ask_shop=True)
    return says


def no_day_of(order: Order, lead: Parcel | None, today: date) -> str:
    """What is said of the day where none is promised or past: of an order that has not ended, by its most urgent parcel."""
    if order.status in (OrderStatus.CANCELLED, OrderStatus.RETURNED, OrderStatus.DELIVERED):
        return ""
    return no_day(lead.status if lead else S.UNKNOWN, lead.since if lead else None, today)


def no_day(status: str, since: date | None, today: date) -> str:
    if status == S.OUT_FOR_DELIVERY and since == today:
        return _("Expected today, %(day)s") % {"day": day_words(today, today)}
    if status == S.AVAILABLE_FOR_PICKUP:
        return _("Waiting for you since %(day)s") % {"day": day_words(since, today)} if since else ""
    if status in _NOT_COMING:
        return _("No delivery is planned any more")
    if status in _STUCK:
        return _("No new day is known yet")
    return "" if status == S.DELIVERED else _("The day is not known yet")


def acts(parcels: Iterable[Parcel], lead: Parcel | None, says: Wording) -> tuple[Act, ...]:
    """The buttons under “What to do”, about the parcel that the headline is about: each leads to a part of this page."""
    if lead and lead.asks_address and lead.status == S.ATTEMPT_FAILED:
        return (Act(f"#address-{lead.key}", _("Is your address right?"), main=True),)
    if not says.ask_shop:
        return ()
    missing = [parcel.key for parcel in parcels if parcel.may_miss]
    if lead and missing == [lead.key]:
        return (Act(f"#miss-text-{lead.key}", _("It has not arrived"), main=False),)
    return (Act("#contact", _("Contact the shop"), main=says.tone != "good"),)
