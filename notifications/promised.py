"""The day that a message says: the promise in force, and for a delay only one that came with it or after."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from notifications.models import Notice
from notifications.status import Milestone
from orders.days import range_words
from orders.models import OrderEvent
from shipping.models import Promise, Shipment

M = Milestone
NO_DAY = frozenset(
    {
        M.OUT_FOR_DELIVERY, M.READY_FOR_PICKUP, M.EXCEPTION, M.DELIVERED, M.CANCELLED, M.RETURNED, M.RATING_REQUEST,
    }
)  # fmt: skip
"""Of these no day is expected any more, or it is today, or it would be a false promise: the page says the same."""


def when_words(notice: Notice, parcels: Sequence[Shipment]) -> str:
    """The days of the first parcel still on its way; none when they were over before the fact. The promise of before is no
    answer to a delay."""
    if not _dated(notice):
        return _("No new day is known yet")
    days = None if notice.milestone in NO_DAY else _promise(parcels, notice.fact.occurred_at)
    if days is None:
        return ""
    form = _("Now expected %(days)s") if notice.milestone == Milestone.DELAYED else _("Expected %(days)s")
    first, last, today = days
    return form % {"days": range_words(max(first, today), last, today)}


def dated(events: Collection[OrderEvent]) -> set[tuple[str, datetime]]:
    """(subject, moment) of these carriers' delays that came with a day; what is promised later is news of its own."""
    ids = [int(event.subject.partition(":")[2]) for event in events]
    rows = Promise.objects.filter(
        shipment__in=ids, source=Promise.Source.CARRIER, made_at__in=[event.recorded_at for event in events]
    )
    return {(f"shipment:{pk}", at) for pk, at in rows.values_list("shipment", "made_at")}


def look_up(notices: Iterable[Notice]) -> None:
    """Whether the delays among these came with a day, in one query, and none for other news."""
    bare = [notice for notice in notices if _dated_by(notice)]
    if bare:
        known = dated([notice.fact for notice in bare])
        for notice in bare:
            notice.dated = _dated_by(notice) in known  # type: ignore[attr-defined]


def _dated_by(notice: Notice) -> tuple[str, datetime] | None:
    """Of a delay that a carrier has said: the parcel and the moment by which `dated` knows it."""
    if notice.milestone != M.DELAYED or notice.event is None or notice.event.kind != "shipment":
        return None
    return notice.event.subject, notice.event.recorded_at


def _dated(notice: Notice) -> bool:
    known: bool | None = getattr(notice, "dated", None)
    if known is None and (key := _dated_by(notice)):
        return key in dated([notice.fact])
    return known is not False


def _promise(parcels: Sequence[Shipment], told: datetime) -> tuple[date, date, date] | None:
    for parcel in parcels:
        today = told.astimezone(ZoneInfo(parcel.recipient_zone)).date()
        first, last = parcel.promised_from, parcel.promised_to
        if first and last and not parcel.delivered_at and last >= today:
            return first, last, today
    return None
