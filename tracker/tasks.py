"""The project's own beat task. Everything else lives in the apps."""

from typing import Any

from celery import shared_task
from celery.signals import beat_embedded_init, worker_process_init
from django.core.cache import cache
from django.utils import timezone

from tracker import leash

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


@worker_process_init.connect
@beat_embedded_init.connect
def _die_with_the_worker(**_kwargs: Any) -> None:
    """The pool's processes and beat are forked: without this a `kill -9` of the worker would leave them behind."""
    leash.hold()
