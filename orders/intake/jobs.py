"""Import jobs: an uploaded file worked through by a worker, with its progress in a row.

A worker that dies leaves a job whose `touched_at` grows old; the sweep starts it again from the top, which is
harmless since `place` is idempotent.
"""

import logging
from datetime import datetime, timedelta
from typing import IO

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from orders.intake.run import Outcome, Tally, run_sheet
from orders.intake.text import Unreadable, open_text
from orders.models import ImportIssue, ImportJob, Merchant, User

log = logging.getLogger(__name__)
STALE = timedelta(minutes=2)
EVERY = 50
MAX_ISSUES = 5000


def start(
    *, merchant: Merchant, user: User | None, file: IO[bytes], filename: str, dry_run: bool
) -> ImportJob:
    """Keep an uploaded file and its job. The caller enqueues it."""
    job = ImportJob(merchant=merchant, started_by=user, filename=filename[-200:], dry_run=dry_run)
    job.file.save("orders.csv", File(file), save=False)
    job.bytes_total = job.file.size
    job.save()
    return job


def stalled(*, now: datetime) -> list[int]:
    old = Q(touched_at__isnull=True, created_at__lt=now - timedelta(seconds=30)) | Q(
        touched_at__lt=now - STALE
    )
    unfinished = ImportJob.objects.filter(old, state__in=[ImportJob.State.QUEUED, ImportJob.State.RUNNING])
    return list(unfinished.values_list("pk", flat=True)[:20])


def run(job_id: int, *, now: datetime) -> None:
    """Work a job through. Does nothing when it is finished or another worker has it."""
    free = Q(state=ImportJob.State.QUEUED) | Q(state=ImportJob.State.RUNNING, touched_at__lt=now - STALE)
    if not ImportJob.objects.filter(free, pk=job_id).update(state=ImportJob.State.RUNNING, touched_at=now):
        return
    job = ImportJob.objects.select_related("merchant", "started_by").get(pk=job_id)
    job.issues.all().delete()
    tally, message, state = Tally(), "", ImportJob.State.DONE
    try:
        _work(job, tally)
    except (Unreadable, FileNotFoundError) as error:
        message, state = str(error), ImportJob.State.FAILED
    except Exception:
        log.exception("import %s failed", job_id)
        message, state = (
            "Something went wrong on our side; the orders counted here are in.",
            ImportJob.State.FAILED,
        )
    _save(job, tally, state=state, message=message[:300], finished_at=timezone.now())


def _work(job: ImportJob, tally: Tally) -> None:
    actor = str(job.started_by or "import")
    kept = 0
    with job.file.open("rb") as raw, open_text(raw) as lines:
        outcomes = run_sheet(
            lines, merchant=job.merchant, clock=timezone.now, dry_run=job.dry_run, actor=actor, tally=tally
        )
        for outcome in outcomes:
            if kept < MAX_ISSUES:
                kept += _keep_issues(job, outcome)
            if tally.orders % EVERY == 0:
                job.bytes_read = raw.tell()
                _save(job, tally)


def _keep_issues(job: ImportJob, outcome: Outcome) -> int:
    rows = [
        ImportIssue(
            job=job,
            row=p.row,
            column=p.column[:60],
            order_id=outcome.external_id[:100],
            message=p.message[:300],
        )
        for p in outcome.problems
    ]
    with transaction.atomic():
        ImportIssue.objects.bulk_create(rows)
    return len(rows)


def _save(job: ImportJob, tally: Tally, **fields: object) -> None:
    for name, value in fields.items():
        setattr(job, name, value)
    job.rows, job.touched_at = tally.rows, timezone.now()
    job.created_orders, job.existing_orders, job.refused_orders = tally.created, tally.existing, tally.refused
    job.save(
        update_fields=[
            "rows", "touched_at", "created_orders", "existing_orders", "refused_orders", "bytes_read", *fields,
        ]
    )  # fmt: skip
