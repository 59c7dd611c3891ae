"""Celery's doors to this floor."""

import time
from typing import Any

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

ON_ITS_WAY = "notices-drain-on-its-way"
MOMENT = 0.3  # seconds
LONG = 5  # seconds that one message may hold a worker


@shared_task
def drain(**_: Any) -> None:
    """Send all that is due, a few at a time; what is left when the time is over, by the next message. A worker that finds more
    than it can take at once calls another."""
    from notifications import delivery
    from orders.queue import enqueue

    until, empty_handed, called = time.monotonic() + LONG, False, False
    while time.monotonic() < until:
        taken = delivery.drain(clock=timezone.now)
        if taken:
            empty_handed = False
            if taken == delivery.BATCH and not called:
                enqueue(drain)
                called = True
        elif empty_handed:
            return
        else:
            cache.delete(f"{ON_ITS_WAY}:now")
            time.sleep(MOMENT)
            empty_handed = True
    enqueue(drain)


@shared_task
def sweep(**_: Any) -> None:
    from notifications import delivery

    if delivery.sweep(now=timezone.now()):
        drain.delay()
