"""Sending what is due, and finding what was lost.

    claim    rows marked as being sent, which no other worker takes then
    put back what fell into the recipient's quiet hours meanwhile
    render   from the fact, not from what the order has become since
    send     outside any transaction
    mark     sent | retry later | dead, with the attempt kept

At-least-once: a worker that dies between the provider's yes and our mark sends again. The notice's id goes
with every message (Message-ID) so that the second can be told.
"""

import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from notifications.answered import answered
from notifications.channels.base import ChannelError, channel_for
from notifications.decide import QUIET, QUIET_TOO_LONG
from notifications.models import Attempt, Notice
from notifications.render import loaded, numbers, render
from notifications.status import DUE, NoticeState
from notifications.wishes import quiet_until, refusals

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=settings.NOTICE_LEASE_SECONDS)
MAX_TRIES = 8
BATCH = 40
ENOUGH = (
    LEASE.total_seconds() / 3
)  # seconds; what is left of a batch goes back then, long before it counts as lost
Clock = Callable[[], datetime]


def deliver(notice_id: int, *, clock: Clock) -> bool:
    """Send one notice if it is due and nobody else has it. True when it went out."""
    return bool(sum(_send_all(_claim(clock(), 1, pk=notice_id), clock)))


def drain(*, clock: Clock, limit: int = BATCH) -> int:
    """Claim a few notices that are due and send them. Those that were tried before are taken one by one, so that one which kills
    its worker costs no other a try. Returns how many were taken."""
    taken = _claim(clock(), limit, tries=0) or _claim(clock(), 1, tries__gt=0)
    _send_all(taken, clock)
    return len(taken)


def _claim(now: datetime, limit: int, **these: object) -> list[int]:
    """The ids of at most so many that are ours now. What is older than it is worth is put away."""
    due = Notice.objects.filter(state__in=DUE, due_at__lte=now, **these)
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        rows = dict(due.order_by("due_at", "pk").values_list("pk", "expires_at")[:limit])
        if not rows:
            return []
        old = [pk for pk, expires_at in rows.items() if expires_at <= now]
        if old:
            Notice.objects.filter(pk__in=old, state__in=DUE).update(
                state=NoticeState.EXPIRED, error="Older than it is worth."
            )
        mine = [pk for pk in rows if pk not in old]
        Notice.objects.filter(pk__in=mine).update(
            state=NoticeState.SENDING, claimed_at=now, tries=F("tries") + 1
        )
    return mine


def _send_all(ids: list[int], clock: Clock) -> list[bool]:
    if not ids:
        return []
    notices = loaded(ids)
    by_merchant: dict[int, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_merchant[notice.merchant_id].append(notice)
    refused: dict[int, str] = {}
    for group in by_merchant.values():
        refused |= refusals(group)
    refused |= answered(notices)
    until, done = time.monotonic() + ENOUGH, []
    for at, notice in enumerate(notices):
        if time.monotonic() > until:
            left = Notice.objects.filter(pk__in=[one.pk for one in notices[at:]], state=NoticeState.SENDING)
            left.update(state=NoticeState.RETRY, tries=F("tries") - 1, error="")
            break
        now = clock()
        if notice.pk not in refused and (wakes := quiet_until(notice, now)) > now:
            _put_back(notice, wakes)
            done.append(False)
            continue
        done.append(_send(notice, refused.get(notice.pk, ""), clock))
    return done


def _put_back(notice: Notice, wakes: datetime) -> None:
    """It was not tried: the claim costs it no try."""
    mine = Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING, tries=notice.tries)
    if wakes >= notice.expires_at:
        mine.update(state=NoticeState.EXPIRED, tries=F("tries") - 1, error=QUIET_TOO_LONG)
    else:
        mine.update(state=NoticeState.RETRY, tries=F("tries") - 1, due_at=wakes, error=QUIET)


def _send(notice: Notice, refused: str, clock: Clock) -> bool:
    began = time.monotonic()
    error: ChannelError | None = None
    handed = False
    try:
        if refused:
            raise ChannelError(refused, permanent=True)
        channel, message = channel_for(notice.channel), render(notice)
        handed = True
        detail = channel.send(notice.recipient, message, key=f"notice-{notice.pk}")
    except ChannelError as failure:
        detail, error = str(failure), failure
    except Exception as failure:
        log.exception("notice %s could not be sent", notice.pk)
        detail = f"{type(failure).__name__}: {failure}"
        error = ChannelError(detail, permanent=False, unsure=handed)
    took_ms = int((time.monotonic() - began) * 1000)
    _mark(notice, clock(), detail, error, refused=bool(refused), took_ms=took_ms)
    return error is None


def _mark(
    notice: Notice, now: datetime, detail: str, error: ChannelError | None, *, refused: bool, took_ms: int
) -> None:
    if error is None:
        outcome = {"state": NoticeState.SENT, "sent_at": now, "error": "", "named": numbers(notice)}
    elif refused:
        outcome = {"state": NoticeState.SKIPPED, "error": detail[:300]}
    elif error.permanent or notice.tries >= MAX_TRIES:
        outcome = {"state": NoticeState.DEAD, "error": detail[:300]}
    else:
        outcome = {"state": NoticeState.RETRY, "due_at": now + backoff(notice.tries), "error": detail[:300]}
        outcome |= {"unsure": True} if error.unsure else {}
    attempt = Attempt(
        notice=notice,
        at=now,
        ok=error is None,
        permanent=bool(error and error.permanent),
        detail=detail[:300],
        took_ms=took_ms,
    )
    if error is None and connection.vendor == "postgresql":
        _mark_sent(attempt, notice.tries, numbers(notice))
        return
    with transaction.atomic():
        Notice.objects.filter(pk=notice.pk, state=NoticeState.SENDING, tries=notice.tries).update(**outcome)
        attempt.save(force_insert=True)


def _mark_sent(attempt: Attempt, tries: int, named: str) -> None:
    """Both rows in one statement: it is a third of what a message costs us."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH marked AS (UPDATE notifications_notice SET state = %s, sent_at = %s, error = '', named = %s"
            " WHERE id = %s AND state = %s AND tries = %s)"
            " INSERT INTO notifications_attempt (notice_id, at, ok, permanent, detail, took_ms)"
            " VALUES (%s, %s, true, false, %s, %s)",
            [
                NoticeState.SENT, attempt.at, named, attempt.notice_id, NoticeState.SENDING, tries,
                attempt.notice_id, attempt.at, attempt.detail, attempt.took_ms,
            ],
        )  # fmt: skip


def backoff(tries: int) -> timedelta:
    """30 s, doubling to an hour at most, with a quarter of jitter so that a broken server is not stormed."""
    seconds = min(30 * 2 ** (tries - 1), 3600)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))  # noqa: S311


def sweep(*, now: datetime) -> bool:
    """Free what dead workers held, and say whether anything is due: messages the broker lost, retries whose time has come. What
    has killed its worker too often is given up."""
    gone = Notice.objects.filter(state=NoticeState.SENDING, claimed_at__lt=now - LEASE)
    gone.filter(tries__gte=MAX_TRIES).update(
        state=NoticeState.DEAD, error=f"The worker that held it went away, {MAX_TRIES} times."
    )
    gone.update(state=NoticeState.RETRY, unsure=True, error="The worker that held it went away.")
    return Notice.objects.filter(state__in=DUE, due_at__lte=now).exists()
