"""Tell a worker, after the commit, that a row waits for it. The row is the truth: a message that the broker
refuses is logged, and the sweep finds the row."""

import logging
import time
from typing import Any

from django.db import transaction

log = logging.getLogger(__name__)
PAUSE = 10.0
_away_until = 0.0


def enqueue(task: Any, *args: Any, countdown: float = 0) -> None:
    """Send a Celery task on commit. Never raises into the request: what is committed stays committed.

    While the broker is away it is asked once in PAUSE seconds, so that a thousand rows do not wait a thousand
    times for the same refusal. `countdown`: seconds, a minute at most; longer waits are rows that a sweep finds.
    """

    def send() -> None:
        global _away_until  # noqa: PLW0603
        if time.monotonic() < _away_until:
            return
        try:
            task.apply_async(args=args, retry=False, countdown=countdown or None)
        except Exception as error:
            _away_until = time.monotonic() + PAUSE
            log.warning("%s%r not queued (%s); the sweep will", task.name, args, error)

    transaction.on_commit(send)
