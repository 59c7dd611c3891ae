"""What a shop's limits hold back: messages to one address a day, messages an hour, SMS parts a day."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Upper

from notifications.models import Notice, NoticeSettings
from notifications.status import Channel, NoticeState
from notifications.wishes import normal, ways

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HELD_WORDS = {
    "person": "This address has had {limit} messages within a day, which is the shop's limit.",
    "hour": "The shop has written {limit} messages within an hour, which is its limit.",
    "sms": "The shop's {limit} SMS parts of the day do not suffice for it.",
}


def hold(fresh: Sequence[Notice], shop: NoticeSettings, *, now: datetime) -> None:
    """Hold back those of one order's new rows that are over a limit. At most three queries, none for limits that are off."""
    wanted = [notice for notice in fresh if notice.state == NoticeState.QUEUED]
    if not wanted:
        return
    sent = Notice.objects.filter(merchant_id=wanted[0].merchant_id).exclude(
        state__in=[NoticeState.SKIPPED, NoticeState.HELD, NoticeState.SUPERSEDED]
    )
    if shop.per_person_a_day is not None:
        had = _had(wanted, sent.filter(created_at__gt=now - DAY))
        for notice in wanted:
            person = normal(notice.channel, notice.recipient)
            _take(notice, had, person, 1, shop.per_person_a_day, "person")
    if shop.per_hour is not None:
        written = Counter({"": sent.filter(created_at__gt=now - HOUR).count()})
        for notice in wanted:
            _take(notice, written, "", 1, shop.per_hour, "hour")
    texts = [notice for notice in wanted if notice.channel == Channel.SMS]
    if shop.sms_a_day is not None and texts:
        today = sent.filter(channel=Channel.SMS, created_at__gt=now - DAY)
        parts = Counter({"": today.aggregate(n=Sum("segments"))["n"] or 0})
        for notice in texts:
            _take(notice, parts, "", notice.segments, shop.sms_a_day, "sms")


def _take(notice: Notice, used: Counter[str], key: str, cost: int, limit: int, why: str) -> None:
    """Use so much of a limit, or hold back what does not fit; what an earlier limit holds back uses nothing."""
    if notice.state == NoticeState.HELD:
        return
    if used[key] + cost > limit:
        notice.state, notice.error = NoticeState.HELD, HELD_WORDS[why].format(limit=limit)
    else:
        used[key] += cost


def _had(wanted: Sequence[Notice], lately: QuerySet[Notice]) -> Counter[str]:
    """How many messages each of these addresses has had, however they were written."""
    written = set().union(*(ways(notice.channel, notice.recipient) for notice in wanted))
    rows = lately.annotate(to=Upper("recipient")).filter(to__in=written).order_by()
    had: Counter[str] = Counter()
    for channel, to, count in rows.values_list("channel", "to").annotate(Count("pk")):
        had[normal(channel, to)] += count
    return had
