"""Celery's doors to this floor: ids in, one call."""

from typing import Any

from celery import shared_task
from django.utils import timezone


@shared_task
def deliver(notice_id: int, **_: Any) -> None:
    from notifications import delivery

    delivery.deliver(notice_id, clock=timezone.now)


@shared_task
def sweep(**_: Any) -> None:
    from notifications import delivery

    for notice_id in delivery.sweep(now=timezone.now()):
        deliver.delay(notice_id)
