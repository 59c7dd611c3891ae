"""Celery's doors to this floor: ids in, one call, nothing else. Every one may run twice."""

import time
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone


# Stopped before the claim on its part grows old.
@shared_task(soft_time_limit=settings.PRINT_CLAIM_SECONDS - 10, time_limit=settings.PRINT_CLAIM_SECONDS - 5)
def render_print_run(run_id: int, **_: Any) -> None:
    """One piece of the run, and back to the end of the queue for the next, so that a small run waits for a part of
    a long one and no longer."""
    from orders.queue import enqueue
    from shipping.documents.press import open_run, work

    for _more in range(open_run(run_id, now=timezone.now())):
        enqueue(render_print_run, run_id)
    if work(run_id, now=timezone.now()):
        enqueue(render_print_run, run_id)


@shared_task
def sweep_prints(**_: Any) -> None:
    from shipping.documents.press import stalled_runs

    for run_id in stalled_runs(now=timezone.now()):
        render_print_run.delay(run_id)


@shared_task
def clear_prints(**_: Any) -> None:
    from shipping.documents.filing import clear_old

    clear_old(timezone.now())


@shared_task
def hand_over_manifest(manifest_id: int, **_: Any) -> None:
    from shipping.warehouse.manifests import hand_over_parcels

    hand_over_parcels(manifest_id, now=timezone.now())


@shared_task
def sweep_manifests(**_: Any) -> None:
    from shipping.warehouse.manifests import unfinished

    for manifest_id in unfinished(now=timezone.now()):
        hand_over_manifest.delay(manifest_id)


@shared_task
def drain_webhooks(**_: Any) -> None:
    """All that lies there, batch by batch, for as long as a worker should be held; the rest by the next message."""
    from orders.queue import enqueue
    from shipping.tracking.inbound import MOMENT, ON_ITS_WAY, drain

    until = time.monotonic() + 20
    empty_handed = False
    while time.monotonic() < until:
        if drain(now=timezone.now()):
            empty_handed = False
        elif empty_handed:
            return
        else:  # what comes in from now on sends another message, but for what comes within a moment of the last one
            cache.set(ON_ITS_WAY, 0, 0)
            time.sleep(1.5 * MOMENT)
            empty_handed = True
    enqueue(drain_webhooks)


@shared_task
def sweep_webhooks(**_: Any) -> None:
    from shipping.tracking.inbound import anything_waits

    if anything_waits(now=timezone.now()):
        drain_webhooks.delay()


@shared_task
def refit_transit(**_: Any) -> None:
    from shipping.promise.learned import refit_all

    refit_all(now=timezone.now())


@shared_task
def revise_promises(**_: Any) -> None:
    from shipping.promise.revise import revise

    revise(now=timezone.now())


@shared_task
def redrive_quarantine(merchant_id: int, **_: Any) -> None:
    from shipping.models import QuarantinedReading
    from shipping.tracking.quarantine import redrive

    redrive(QuarantinedReading.objects.filter(merchant_id=merchant_id), now=timezone.now())


@shared_task
def redrive_number(merchant_id: int, number: str, **_: Any) -> None:
    """A parcel has got this number: what was said of it before finds it now."""
    from shipping.models import QuarantinedReading
    from shipping.tracking.quarantine import redrive

    rows = QuarantinedReading.objects.filter(merchant_id=merchant_id, tracking_number=number)
    redrive(rows, now=timezone.now())


@shared_task
def sweep_quarantine(**_: Any) -> None:
    from shipping.tracking.quarantine import found_since

    for merchant_id, number in found_since():
        redrive_number.delay(merchant_id, number)


@shared_task
def reread_code(mapping_id: int, **_: Any) -> None:
    from orders.queue import enqueue
    from shipping.tracking.remap import reread

    if reread(mapping_id, now=timezone.now()):
        enqueue(reread_code, mapping_id)


@shared_task
def sweep_codes(**_: Any) -> None:
    from shipping.tracking.remap import waiting

    for mapping_id in waiting(now=timezone.now()):
        reread_code.delay(mapping_id)


@shared_task
def dispatch_polls(**_: Any) -> None:
    from shipping.tracking.polling import dispatch, enrol

    enrol(now=timezone.now())
    for account_id, claim in dispatch(now=timezone.now()):
        poll_account.delay(account_id, claim)


@shared_task
def poll_account(account_id: int, claim: str, **_: Any) -> None:
    from shipping.tracking.polling import ask

    ask(account_id, claim, now=timezone.now())


@shared_task
def review_late(**_: Any) -> None:
    from shipping.lateness.cases import review

    review(now=timezone.now())


@shared_task
def assess_risk(**_: Any) -> None:
    from shipping.lateness.risk import assess

    assess(now=timezone.now())


@shared_task
def make_claims(**_: Any) -> None:
    from shipping.lateness.claims import make_waiting

    make_waiting()


@shared_task(soft_time_limit=1800, time_limit=1860)
def answer_what_ifs(**_: Any) -> None:
    from shipping.lateness.whatif import answer_waiting

    answer_waiting(now=timezone.now())


@shared_task
def refresh_figures(**_: Any) -> None:
    from shipping.scorecard.rollup import refresh

    refresh()


@shared_task
def simulate(**_: Any) -> None:
    from shipping.tracking.simulator import tick

    tick(now=timezone.now())
