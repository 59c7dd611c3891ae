"""What the admin and the dock's pages both ask for: a manifest signed, a manifest printed."""

from datetime import datetime

from django.db import transaction

from orders.models import User
from orders.queue import enqueue
from shipping.documents.runs import start_run
from shipping.models import Manifest, PrintRun, Wave
from shipping.status import DocumentKind, Stage
from shipping.tasks import hand_over_manifest, render_print_run
from shipping.warehouse.manifests import AT_ONCE, close_manifest, hand_over_parcels


def sign(manifest: Manifest, *, user: User, now: datetime, driver: str = "", vehicle: str = "") -> Manifest:
    """Close it and hand its parcels over: here and now, or by a worker when they are many."""
    manifest = close_manifest(manifest, user=user, now=now, driver=driver, vehicle=vehicle)
    if manifest.shipments.exclude(stage=Stage.HANDED_OVER).count() > AT_ONCE:
        enqueue(hand_over_manifest, manifest.pk)
    else:
        hand_over_parcels(manifest.pk, now=now)
    return manifest


@transaction.atomic
def print_manifest(manifest: Manifest, *, user: User, now: datetime) -> PrintRun:
    """A print run of the paper that the driver signs. Raises NothingToPrint for an empty manifest."""
    ids = list(manifest.shipments.exclude(stage=Stage.VOID).order_by("code").values_list("pk", flat=True))
    run = start_run(
        merchant=manifest.merchant,
        user=user,
        kind=DocumentKind.MANIFEST,
        shipment_ids=ids,
        now=now,
        manifest=manifest,
    )
    enqueue(render_print_run, run.pk)
    return run


@transaction.atomic
def print_picks(wave: Wave, *, user: User, now: datetime) -> PrintRun:
    """The pick list of what the wave's parcels still want. Raises NothingToPrint when there is none."""
    ids = list(wave.shipments.filter(stage=Stage.OPEN).order_by("pk").values_list("pk", flat=True))
    run = start_run(
        merchant=wave.merchant, user=user, kind=DocumentKind.PICKS, shipment_ids=ids, now=now, wave=wave
    )
    enqueue(render_print_run, run.pk)
    return run
