"""Celery's doors to this floor: ids in, one call."""

from typing import Any

from celery import shared_task
from django.utils import timezone


@shared_task(soft_time_limit=7200, time_limit=7260)
def run_import(job_id: int, **_: Any) -> None:
    from orders.intake import jobs

    jobs.run(job_id, now=timezone.now())


@shared_task
def sweep_imports(**_: Any) -> None:
    from orders.intake import jobs

    for job_id in jobs.stalled(now=timezone.now()):
        run_import.delay(job_id)
