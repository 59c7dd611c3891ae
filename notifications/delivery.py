"""Sending one notice, and finding those that were lost.

    claim    one conditional UPDATE; whoever changes the row sends, all others leave
    render   from the fact, not from what the order has become since
    send     outside any transaction
    mark     sent | retry later | dead, with the attempt kept

At-least-once: a worker that dies between the provider's yes and our mark sends again. The notice's id goes
with every message (Message-ID) so that the second can be told.
"""

import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from notifications.channels.base import ChannelError, channel_for
from notifications.models import Attempt, Notice
from notifications.render import render
from notifications.status import DUE, NoticeState
from notifications.wishes import refusal

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=5)
MAX_TRIES = 8


def deliver(notice_id: int, *, clock: Callable[[], datetime]) -> bool:
    """Send a notice if it is due and nobody else has it. True when it went out."""
    now = clock()
    mine = Notice.objects.filter(pk=notice_id, state__in=DUE, due_at__lte=now)
    if mine.filter(expires_at__lte=now).update(state=NoticeState.EXPIRED, error="Older than it is worth."):
        return False
    if not mine.update(state=NoticeState.SENDING, claimed_at=now, tries=F("tries") + 1):
        return False
    notice = Notice.objects.select_related(
        "merchant", "event", "order__ship_to", "order__merchant", "order__customer"
    ).get(pk=notice_id)
    began = time.monotonic()
    try:
        if refused := refusal(notice):
            raise ChannelError(refused, permanent=True)
        detail = channel_for(notice.channel).send(notice.recipient, render(notice), key=f"notice-{notice.pk}")
        error = None
    except ChannelError as failure:
        detail, error = str(failure), failure
    except Exception as failure:
        log.exception("notice %s could not be sent", notice_id)
        detail = f"{type(failure).__name__}: {failure}"
        error = ChannelError(detail, permanent=False)
    _mark(notice, clock(), detail, error, took_ms=int((time.monotonic() - began) * 1000))
    return error is None


@transaction.atomic
def _mark(notice: Notice, now: datetime, detail: str, error: ChannelError | None, *, took_ms: int) -> None:
    if error is None:
        outcome = {"state": NoticeState.SENT, "sent_at": now, "error": ""}
    elif error.permanent or notice.tries >= MAX_TRIES:
        outcome = {"state": NoticeState.DEAD, "error": detail[:300]}
    else:
        outcome = {"state": NoticeState.RETRY, "due_at": now + backoff(notice.tries), "error": detail[:300]}
    Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING, tries=notice.tries).update(**outcome)
    Attempt.objects.create(
        notice=notice,
        at=now,
        ok=error is None,
        permanent=bool(error and error.permanent),
        detail=detail[:300],
        took_ms=took_ms,
    )


def backoff(tries: int) -> timedelta:
    """30 s, doubling to an hour at most, with a quarter of jitter so that a broken server is not stormed."""
    seconds = min(30 * 2 ** (tries - 1), 3600)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311


def sweep(*, now: datetime, limit: int = 1000) -> list[int]:
    """Free what a dead worker held, and name what is due: messages the broker lost, retries whose time has come."""
    Notice.objects.filter(state=NoticeState.SENDING, claimed_at__lt=now - LEASE).update(
        state=NoticeState.RETRY, error="The worker that held it went away."
    )
    due = Notice.objects.filter(state__in=DUE, due_at__lte=now - timedelta(seconds=5))
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
