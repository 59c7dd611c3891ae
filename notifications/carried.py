"""What other words would have done: last month's notices that would have carried them, and what their parts of SMS cost."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count

from notifications.gsm import segments
from notifications.models import Notice, NoticeText
from notifications.rehearsal import SPAN
from notifications.render import loaded, sms, use
from notifications.status import NEVER_SENT, Channel
from notifications.wishes import settings_of
from orders.languages import spoken

SAMPLE = 300
"""Texts that are written both ways; of more than that the newest speak for all. About a second."""


@dataclass(frozen=True)
class Carried:
    """`before` and `after` are SMS parts, None for mail; `looked_at` of `notices` texts were written both ways."""

    notices: int
    since: datetime
    before: int | None = None
    after: int | None = None
    looked_at: int = 0
    price: Decimal | None = None

    @property
    def costs(self) -> tuple[Decimal, Decimal] | None:
        if self.price is None or self.before is None or self.after is None:
            return None
        return (self.before * self.price).quantize(Decimal("0.01")), (self.after * self.price).quantize(
            Decimal("0.01")
        )


def carried(text: NoticeText, *, now: datetime) -> Carried:
    """As if `text` (saved or not) had been in use for the last month; one that is switched off gives way to Tracker's own."""
    merchant, since = text.merchant, now - SPAN
    mine = Notice.objects.filter(
        merchant=merchant,
        milestone=text.milestone,
        channel=text.channel,
        created_at__gt=since,
        order__isnull=False,
    ).exclude(state__in=NEVER_SENT)
    by_language: dict[str, int] = defaultdict(int)
    locales: dict[str, list[str]] = defaultdict(list)
    for locale, count in mine.order_by().values_list("order__locale").annotate(Count("pk")):
        language = spoken(locale, merchant.locale)
        by_language[language] += count
        locales[language].append(locale)
    total = by_language[text.language]
    if text.channel != Channel.SMS or not total:
        return Carried(total, since)
    newest = mine.filter(order__locale__in=locales[text.language]).order_by("-pk")
    notices = loaded(list(newest.values_list("pk", flat=True)[:SAMPLE]))
    before = sum(segments(sms(notice)).count for notice in notices)
    use(notices, [text] if text.on else [])
    after = sum(segments(sms(notice)).count for notice in notices)
    of_all = total / len(notices)
    price = settings_of(merchant).sms_price
    return Carried(total, since, round(before * of_all), round(after * of_all), len(notices), price)
