"""Tell a worker, after the commit, that a row waits for it. The row is the truth: a message that the broker
refuses is logged, and the sweep finds the row."""

import logging
from typing import Any

from django.db import transaction

log = logging.getLogger(__name__)


def enqueue(task: Any, *args: Any) -> None:
    """Send a Celery task on commit. Never raises into the request: what is committed stays committed."""

    def send() -> None:
        try:
            task.apply_async(args=args, retry=False)
        except Exception as error:
            log.warning("%s%r not queued (%s); the sweep will", task.name, args, error)

    transaction.on_commit(send)
