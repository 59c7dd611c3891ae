"""The project's own beat task. Everything else lives in the apps."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, worker_process_init
from django.core.cache import cache
from django.utils import timezone

from notifications.channels.base import ChannelError, channel_for
from tracker import leash

log = logging.getLogger(__name__)

HEARTBEAT_KEY = "tracker:heartbeat"


@shared_task
def heartbeat() -> None:
    """Beat and a worker are alive: note when, and how long the oldest message has been due."""
    from notifications.models import Notice
    from notifications.status import DUE

    now = timezone.now()
    oldest = Notice.objects.filter(state__in=DUE, due_at__lte=now).order_by("due_at").first()
    waiting = (now - oldest.due_at).total_seconds() if oldest else 0.0
    cache.set(HEARTBEAT_KEY, {"at": now.timestamp(), "oldest_notice_seconds": round(waiting)}, 3600)


@shared_task(autoretry_for=(ChannelError,), retry_backoff=5, retry_backoff_max=60, max_retries=4)
def send_access_code(code_id: int) -> None:
    """Sent once: the row says so before the message leaves, and a refused message takes that back for the next try."""
    from orders.models import AccessCode
    from tracker.access_code import message

    now = timezone.now()
    unsent = AccessCode.objects.filter(pk=code_id, sent_at__isnull=True, expires_at__gt=now)
    if not unsent.update(sent_at=now):
        return
    code = AccessCode.objects.select_related("order__merchant").get(pk=code_id)
    to = code.order.email if code.channel == "email" else str(code.order.phone)
    try:
        channel_for(code.channel).send(to, message(code), key=f"code-{code.pk}")
    except ChannelError as error:
        AccessCode.objects.filter(pk=code_id).update(sent_at=None)
        if error.permanent:
            log.warning("access code %s was not sent: %s", code_id, error)
            return
        raise


@worker_process_init.connect
@beat_embedded_init.connect
def _die_with_the_worker(**_kwargs: Any) -> None:
    """The pool's processes and beat are forked: without this a `kill -9` of the worker would leave them behind."""
    leash.hold()


@shared_task
def send_digests(**_: Any) -> None:
    from notifications.digest import send_due

    send_due(now=timezone.now())
