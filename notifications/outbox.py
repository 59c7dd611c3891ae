"""The one way a notice comes to be: a row in the transaction of the fact, and a nudge after the commit."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Sum

from notifications import render
from notifications.decide import HOLD, ORDER, Fact, Planned, told_otherwise
from notifications.gsm import segments
from notifications.models import Notice, NoticeSettings, NoticeText
from notifications.status import DUE, NEVER_SENT, Channel, Milestone, NoticeState
from notifications.tasks import ON_ITS_WAY, drain
from orders.models import Order, OrderEvent
from orders.queue import enqueue
from shipping.models import Shipment
from shipping.promise.zones import zone_of as zone_of_place
from shipping.status import Direction

HELD_WORDS = {
    "person": "This address has had {limit} messages within a day, which is the shop's limit.",
    "hour": "The shop has written {limit} messages within an hour, which is its limit.",
    "sms": "The shop's {limit} SMS parts of the day are used up.",
}
_Key = tuple[str, str, str]


def fact_of(event: OrderEvent) -> Fact:
    return Fact(event.kind, event.new, event.occurred_at, event.recorded_at, event.old, event.subject)


def put(event: OrderEvent, planned: Iterable[Planned], shop: NoticeSettings) -> list[Notice]:
    """Write the notices of a fact, whose order is locked. What was told before (same subject, milestone and channel) is not
    written again; what waits of the same parcel is overtaken. Returns what was written."""
    order = event.order
    there: dict[_Key, Notice] = {
        (notice.subject, notice.milestone, notice.channel): notice
        for notice in Notice.objects.filter(order=order).only(
            "subject", "milestone", "channel", "state", "unsure"
        )
    }
    fresh = [plan for plan in planned if not _told(plan, there)]
    if not fresh:
        return []
    held = _held_back(fresh, shop, order, event.recorded_at)
    new: list[Notice] = []
    again: list[Notice] = []
    for plan in fresh:
        notice = _row(event, plan, held.get(plan.channel, ""))
        old = there.get((plan.subject, plan.milestone, plan.channel))
        notice.pk = old.pk if old else None
        (again if old else new).append(notice)
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    if again:
        Notice.objects.bulk_update(again, _RENEWED)
    _overtake(fresh, there.values())
    for due_at in {notice.due_at for notice in (*new, *again) if notice.state == NoticeState.QUEUED}:
        nudge(due_at - event.recorded_at)
    return [*new, *again]


_RENEWED = [
    "event",
    "recipient",
    "state",
    "error",
    "due_at",
    "expires_at",
    "segments",
    "tries",
    "unsure",
    "any_hour",
    "created_at",
]


def zone_of(event: OrderEvent) -> str | None:
    """The recipient's zone; None for a parcel that is not on its way to the customer, of which the customer is not told."""
    _, _, parcel = event.subject.partition("shipment:")
    if parcel:
        going = Shipment.objects.filter(pk=int(parcel), direction=Direction.OUTBOUND)
        return going.values_list("recipient_zone", flat=True).first()
    place = event.order.ship_to
    return (
        zone_of_place(place.country, place.region) if place and place.country else event.order.merchant.zone
    )


def _told(plan: Planned, there: dict[_Key, Notice]) -> bool:
    old = there.get((plan.subject, plan.milestone, plan.channel))
    if old and old.state not in NEVER_SENT:
        return True
    return told_otherwise(plan, there)


def _row(event: OrderEvent, plan: Planned, held: str) -> Notice:
    state, why = NoticeState.QUEUED, ""
    if plan.reason:
        state, why = NoticeState.SKIPPED, plan.reason
    elif held:
        state, why = NoticeState.HELD, held
    notice = Notice(
        merchant_id=event.order.merchant_id,
        order=event.order,
        event=event,
        subject=plan.subject,
        milestone=plan.milestone,
        channel=plan.channel,
        recipient=plan.recipient,
        state=state,
        error=why,
        due_at=plan.due_at,
        expires_at=plan.expires_at,
        created_at=event.recorded_at,
    )
    if plan.channel == Channel.SMS and not plan.reason:
        own = NoticeText.objects.filter(
            merchant=notice.merchant_id, milestone=plan.milestone, channel=plan.channel, on=True
        )
        render.use([notice], own)
        notice.segments = segments(render.sms(notice)).count
    return notice


def _held_back(fresh: Sequence[Planned], shop: NoticeSettings, order: Order, now: datetime) -> dict[str, str]:
    """By channel, which limit keeps a message back. At most three queries, none for limits that are off."""
    wanted = [plan for plan in fresh if not plan.reason]
    held: dict[str, str] = {}
    sent = Notice.objects.filter(merchant_id=order.merchant_id).exclude(
        state__in=[NoticeState.SKIPPED, NoticeState.HELD, NoticeState.SUPERSEDED]
    )
    if shop.sms_a_day is not None and any(plan.channel == Channel.SMS for plan in wanted):
        today = sent.filter(channel=Channel.SMS, created_at__gt=now - timedelta(days=1))
        if (today.aggregate(n=Sum("segments"))["n"] or 0) >= shop.sms_a_day:
            held[Channel.SMS] = HELD_WORDS["sms"].format(limit=shop.sms_a_day)
    if (
        shop.per_hour is not None
        and wanted
        and sent.filter(created_at__gt=now - timedelta(hours=1)).count() >= shop.per_hour
    ):
        held |= {str(plan.channel): HELD_WORDS["hour"].format(limit=shop.per_hour) for plan in wanted}
    if shop.per_person_a_day is not None and wanted:
        people = sent.filter(
            recipient__in={plan.recipient for plan in wanted}, created_at__gt=now - timedelta(days=1)
        )
        counts = dict(people.order_by().values_list("recipient").annotate(Count("pk")))
        for plan in wanted:
            if counts.get(plan.recipient, 0) >= shop.per_person_a_day:
                held[plan.channel] = HELD_WORDS["person"].format(limit=shop.per_person_a_day)
    return held


def _overtake(fresh: Iterable[Planned], there: Iterable[Notice]) -> None:
    """The newest word of a parcel wins: older ones that wait are not sent, those too that were refused before, but for what the
    receiver may have. A request to rate is no news."""
    news: dict[tuple[str, str], str] = {
        (plan.subject, plan.channel): plan.milestone
        for plan in fresh
        if plan.subject != ORDER and plan.milestone != Milestone.RATING_REQUEST and not plan.reason
    }
    over = [
        notice.pk
        for notice in there
        if news.get((notice.subject, notice.channel), notice.milestone) != notice.milestone
        and notice.state in DUE
        and not notice.unsure
    ]
    if over:
        waiting = Notice.objects.filter(pk__in=over, state__in=DUE, unsure=False)
        waiting.update(
            state=NoticeState.SUPERSEDED, error="Newer news of the same parcel was sent in its place."
        )


def nudge(wait: timedelta = timedelta(0)) -> None:
    """Have a worker look when it is time, unless one is about to; a wait of more than a minute is the sweep's."""
    if wait > timedelta(minutes=1):
        return
    late = wait > timedelta(0)
    key = f"{ON_ITS_WAY}:{'later' if late else 'now'}"
    if cache.add(key, 1, 1):
        enqueue(drain, countdown=(HOLD.total_seconds() + 1) if late else 0)
