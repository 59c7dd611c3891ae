"""The project's own tasks. Everything else lives in the apps."""

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


@shared_task
def send_access_code(code_id: int, **_: Any) -> None:
    from tracker.access_code import send

    send(code_id, now=timezone.now())


@shared_task
def sweep_access_codes(**_: Any) -> None:
    """Those that a dead worker held, the broker lost or a server put off."""
    from tracker.access_code import waiting

    for code_id in waiting(timezone.now()).order_by("pk").values_list("pk", flat=True)[:200]:
        send_access_code.delay(code_id)


@worker_process_init.connect
@beat_embedded_init.connect
def _die_with_the_worker(**_kwargs: Any) -> None:
    """The pool's processes and beat are forked: without this a `kill -9` of the worker would leave them behind."""
    leash.hold()


@shared_task
def send_digests(**_: Any) -> None:
    from notifications.digest import send_due

    send_due(now=timezone.now())
