"""The one way a notice comes to be: a row in the transaction of the fact, and a nudge after the commit."""

from collections.abc import Iterable
from datetime import timedelta

from django.core.cache import cache
from django.db.models import F

from notifications import limits, render
from notifications.decide import HOLD, ORDER, Fact, Planned, of_new_day, parcel_of, told_otherwise
from notifications.gsm import segments
from notifications.models import Notice, NoticeSettings, NoticeText
from notifications.promised import dated
from notifications.status import DUE, NEVER_SENT, Channel, Milestone, NoticeState
from notifications.tasks import ON_ITS_WAY, drain
from orders.models import OrderEvent
from orders.queue import enqueue
from shipping.models import Shipment
from shipping.promise.zones import zone_of as zone_of_place
from shipping.status import Direction, Stage

_Key = tuple[str, str, str]


def fact_of(event: OrderEvent) -> Fact:
    return Fact(event.kind, event.new, event.occurred_at, event.recorded_at, event.old, event.subject)


def put(event: OrderEvent, planned: Iterable[Planned], shop: NoticeSettings) -> list[Notice]:
    """Write the notices of a fact, whose order is locked. What was told before (same subject, milestone and channel) is not
    written again; what waits of the same parcel is overtaken. Returns what was written."""
    order = event.order
    rows = Notice.objects.filter(order=order).select_related("event")
    there: dict[_Key, Notice] = {
        (notice.subject, notice.milestone, notice.channel): notice for notice in rows.only(*_ASKED)
    }
    known = [_of_new_day(plan, event, there) for plan in planned]
    fresh = [plan for plan in known if not _told(plan, event, there)]
    if not fresh:
        return []
    written = [_row(event, plan) for plan in fresh]
    limits.hold(written, shop, now=event.recorded_at)
    for notice in written:
        old = there.get((notice.subject, notice.milestone, notice.channel))
        notice.pk = old.pk if old else None
    again = [notice for notice in written if notice.pk]
    Notice.objects.bulk_create([notice for notice in written if not notice.pk], ignore_conflicts=True)
    if again:
        Notice.objects.bulk_update(again, _RENEWED)
    _overtake(fresh, there.values())
    for due_at in {notice.due_at for notice in written if notice.state == NoticeState.QUEUED}:
        nudge(due_at - event.recorded_at)
    return written


_ASKED = (
    "order", "subject", "milestone", "channel", "state", "unsure", "named", "event__kind", "event__subject",
    "event__recorded_at",
)  # fmt: skip
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
    "named",
    "created_at",
]


def zone_of(event: OrderEvent) -> str | None:
    """The recipient's zone; None for a parcel that is not on its way to the customer or was called off: nobody is told of it."""
    _, _, parcel = event.subject.partition("shipment:")
    if parcel:
        going = Shipment.objects.filter(pk=int(parcel), direction=Direction.OUTBOUND)
        return going.exclude(stage=Stage.VOID).values_list("recipient_zone", flat=True).first()
    place = event.order.ship_to
    return (
        zone_of_place(place.country, place.region) if place and place.country else event.order.merchant.zone
    )


def _of_new_day(plan: Planned, event: OrderEvent, there: dict[_Key, Notice]) -> Planned:
    """A new day is told once more after a delay that was told when none was known."""
    delay = there.get((plan.subject, Milestone.DELAYED, plan.channel))
    if plan.milestone != Milestone.DELAYED or delay is None or delay.state in NEVER_SENT:
        return plan
    bare = delay.fact.kind == OrderEvent.Kind.SHIPMENT and not dated([delay.fact])
    return of_new_day(plan, fact_of(event)) if bare else plan


def _told(plan: Planned, event: OrderEvent, there: dict[_Key, Notice]) -> bool:
    old = there.get((plan.subject, plan.milestone, plan.channel))
    if old and old.state not in NEVER_SENT:
        return True
    told = {
        key for key, notice in there.items() if key[1] != Milestone.DELAYED or notice.state not in NEVER_SENT
    }
    if not told_otherwise(plan, told):
        return False
    dispatch = there.get((ORDER, Milestone.SHIPPED, plan.channel))
    new_number = (plan.milestone, plan.channel) == (
        Milestone.SHIPPED,
        Channel.EMAIL,
    ) and plan.subject != ORDER
    return not (new_number and dispatch and not _named(event.subject, dispatch))


def _named(subject: str, dispatch: Notice) -> bool:
    """Whether the mail of the order's dispatch has told the number of this parcel, or will."""
    number = Shipment.objects.values_list("tracking_number", flat=True).get(pk=int(subject.partition(":")[2]))
    if not number or number in dispatch.named.split("\n"):
        return True
    # The row is ours until we commit: who sends it after that knows the number. One that is being sent may not.
    waiting = Notice.objects.filter(pk=dispatch.pk, state__in=DUE)
    return bool(waiting.update(error=F("error")))


def _row(event: OrderEvent, plan: Planned) -> Notice:
    notice = Notice(
        merchant_id=event.order.merchant_id,
        order=event.order,
        event=event,
        subject=plan.subject,
        milestone=plan.milestone,
        channel=plan.channel,
        recipient=plan.recipient,
        state=NoticeState.SKIPPED if plan.reason else NoticeState.QUEUED,
        error=plan.reason,
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


def _overtake(fresh: Iterable[Planned], there: Iterable[Notice]) -> None:
    """The newest word of a parcel wins: older ones that wait are not sent, those too that were refused before, but for what the
    receiver may have. A request to rate is no news."""
    news: dict[tuple[str, str], tuple[str, str]] = {
        (parcel_of(plan.subject), plan.channel): (plan.subject, plan.milestone)
        for plan in fresh
        if plan.subject != ORDER and plan.milestone != Milestone.RATING_REQUEST and not plan.reason
    }
    over = [
        notice.pk
        for notice in there
        if (new := news.get((parcel_of(notice.subject), notice.channel)))
        and new != (notice.subject, notice.milestone)
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
