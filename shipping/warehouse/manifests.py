"""A carrier's manifest from opening to signing. Each move of it is kept (`ManifestMove`).

open -- scans put parcels on it --> close: the driver signs, and no more come on
                                      |
                       each parcel is handed over in a transaction of its own; a crash in the middle is
                       finished by closing again or by the sweep

Locks: the order, the parcel, the manifest. Closing and reopening lock the manifest alone.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from orders.lifecycle import lock_order
from orders.models import Merchant, User
from orders.roles import Can
from shipping.models import Manifest, ManifestMove, Scan, Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.handover import is_cancelled
from shipping.warehouse.leaving import come_back, leave

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Manifests with more parcels are handed over by a worker."""
STALE = timedelta(minutes=1)
SWEPT_FOR = timedelta(days=7)

State, Kind = Manifest.State, ManifestMove.Kind


class Refused(Exception):
    """What was asked for may not be done; the text says why in the user's words."""


class _Reopened(Exception):
    """The manifest is open again: nothing more of it leaves."""


@transaction.atomic
def open_manifest(
    *, merchant: Merchant, carrier: str, dock: str, driver: str, vehicle: str, user: User, now: datetime
) -> Manifest:
    """A manifest to scan parcels onto, with the merchant's next number. Raises Refused without a carrier."""
    if not carrier.strip():
        raise Refused("Say which carrier takes the parcels.")
    Merchant.objects.select_for_update().get(pk=merchant.pk)  # one number at a time
    last = Manifest.objects.for_merchant(merchant).aggregate(last=Max("number"))["last"] or 0
    manifest = Manifest.objects.create(
        merchant=merchant,
        number=last + 1,
        carrier=carrier.strip()[:40],
        dock=dock.strip()[:40],
        driver=driver.strip()[:80],
        vehicle=vehicle.strip()[:40],
        opened_by=user,
        opened_at=now,
    )
    _note(manifest, Kind.OPENED, user.get_username(), now)
    return manifest


@transaction.atomic
def close_manifest(
    manifest: Manifest, *, user: User, now: datetime, driver: str = "", vehicle: str = ""
) -> Manifest:
    """The driver signs: from here on nothing more is scanned onto it. Closed already: nothing changes.
    Its parcels are not handed over yet; follow with `hand_over_parcels` or its task."""
    manifest = _locked(manifest)
    if manifest.state == State.OPEN:
        manifest.state, manifest.closed_by, manifest.closed_at = State.CLOSED, user, now
        manifest.driver = driver.strip()[:80] or manifest.driver
        manifest.vehicle = vehicle.strip()[:40] or manifest.vehicle
        manifest.save(update_fields=["state", "closed_by", "closed_at", "driver", "vehicle"])
        _note(manifest, Kind.CLOSED, user.get_username(), now)
    return manifest


@transaction.atomic
def reopen_manifest(manifest: Manifest, *, user: User, reason: str, now: datetime) -> Manifest:
    """Let further parcels on. What has been handed over stays so. Raises Refused for anyone but a manager
    or owner, and without a reason."""
    if not user.may(Can.EDIT, manifest.merchant):
        raise Refused("Only a manager may reopen a manifest.")
    if not reason.strip():
        raise Refused("Say why it is reopened; the reason is kept.")
    manifest = _locked(manifest)
    if manifest.state == State.CLOSED:
        manifest.state, manifest.closed_by, manifest.closed_at = State.OPEN, None, None
        manifest.save(update_fields=["state", "closed_by", "closed_at"])
        _note(manifest, Kind.REOPENED, user.get_username(), now, reason)
    return manifest


@transaction.atomic
def take_off(shipment: Shipment, *, user: User, now: datetime, reason: str = "") -> None:
    """Undo of a scan onto an open manifest. A parcel that was handed over with it comes back into stock; only
    a manager may say so, with a reason, and only until the carrier has scanned it. Raises Refused."""
    order = lock_order(shipment.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=shipment.pk)
    if shipment.manifest_id is None:
        raise Refused(f"Parcel {shipment.code} is on no manifest.")
    manifest = Manifest.objects.select_for_update().get(pk=shipment.manifest_id)
    if manifest.state == State.CLOSED:
        raise Refused(f"{manifest} is closed. A manager may reopen it.")
    if shipment.stage == Stage.HANDED_OVER:
        _may_come_back(shipment, manifest, user, reason)
        come_back(shipment, order, actor=user.get_username(), now=now)
    _off(shipment, manifest, user.get_username(), now, reason or f"order {order.number}")


def _may_come_back(shipment: Shipment, manifest: Manifest, user: User, reason: str) -> None:
    if shipment.first_scan_at:
        raise Refused(f"{manifest.carrier} has scanned parcel {shipment.code}: it is gone.")
    if not user.may(Can.EDIT, shipment.merchant):
        raise Refused(f"Parcel {shipment.code} has been handed over. Only a manager may take it back.")
    if not reason.strip():
        raise Refused(f"Say why parcel {shipment.code} is taken back; the reason is kept.")


def hand_over_parcels(manifest_id: int, *, now: datetime) -> int:
    """Hand over what a closed manifest still holds; parcels that must not leave are taken off and named in
    its moves. Safe to run twice, at once or again. Returns how many are left for another try."""
    waiting = _waiting().filter(manifest=manifest_id).order_by("pk").values_list("pk", "order_id")
    for shipment_id, order_id in list(waiting.all()):
        try:
            _settle(manifest_id, shipment_id, order_id, now)
        except _Reopened:
            break
        except Exception:  # one bad parcel keeps no other back; the sweep tries it again
            log.exception("parcel %s of manifest %s was not handed over", shipment_id, manifest_id)
    return waiting.count()


def unfinished(now: datetime) -> list[int]:
    """Manifests closed a while ago that still hold parcels: their worker was lost."""
    since = Manifest.objects.filter(
        state=State.CLOSED, closed_at__lt=now - STALE, closed_at__gt=now - SWEPT_FOR
    )
    held = _waiting().filter(manifest=OuterRef("pk"))
    return list(since.filter(Exists(held)).order_by("pk").values_list("pk", flat=True)[:100])


def _waiting() -> QuerySet[Shipment]:
    return Shipment.objects.exclude(stage=Stage.HANDED_OVER)


@transaction.atomic
def _settle(manifest_id: int, shipment_id: int, order_id: int, now: datetime) -> None:
    order = lock_order(order_id)
    shipment = Shipment.objects.select_for_update().get(pk=shipment_id)
    manifest = (
        Manifest.objects.select_for_update(of=("self",)).select_related("closed_by").get(pk=manifest_id)
    )
    if manifest.state != State.CLOSED or manifest.closed_at is None:
        raise _Reopened
    if shipment.manifest_id != manifest_id or shipment.stage == Stage.HANDED_OVER:
        return
    actor = manifest.closed_by.get_username() if manifest.closed_by else ""
    if is_cancelled(shipment, order):
        _off(shipment, manifest, actor, now, f"order {order.number} was cancelled")
    elif shipment.stage != Stage.PACKED:
        _off(shipment, manifest, actor, now, f"order {order.number}: it is not packed any more")
    else:
        leave(shipment, order, actor=actor, at=manifest.closed_at, now=now)


def _off(shipment: Shipment, manifest: Manifest, actor: str, now: datetime, why: str) -> None:
    put_on = Scan.objects.filter(shipment=shipment, outcome=ScanOutcome.ON_MANIFEST).order_by("-pk").first()
    took_carrier = put_on is not None and put_on.details.get("took_carrier")
    if took_carrier and not shipment.tracking_number:
        shipment.carrier = ""
    shipment.manifest = None
    shipment.save(update_fields=["manifest", "carrier"])
    _note(manifest, Kind.TAKEN_OFF, actor, now, f"{shipment.code}, {why}")


def _locked(manifest: Manifest) -> Manifest:
    return Manifest.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=manifest.pk)


def _note(manifest: Manifest, kind: str, actor: str, now: datetime, reason: str = "") -> None:
    ManifestMove.objects.create(
        manifest=manifest, kind=kind, reason=reason.strip()[:200], actor=actor, at=now
    )
