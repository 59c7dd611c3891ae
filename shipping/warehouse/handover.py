"""Parcels go to the carrier's driver: one by one, or onto a manifest that the driver signs for as a whole.

code -> parcel   no subject: a packed parcel is handed over at once
                 subject = a manifest's id: it is put onto the manifest, and leaves when that is closed

Locks: the order, the parcel, the manifest.
"""

from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from orders.lifecycle import lock_order
from orders.models import Merchant, Order, User
from orders.roles import Can
from orders.status import OrderStatus
from shipping.models import Manifest, Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.leaving import leave
from shipping.warehouse.lookup import find, not_found, who_did
from shipping.warehouse.pull import Judged, Pull

O = ScanOutcome  # noqa: E741


def hand_over(pull: Pull) -> Judged:
    """The scan handler of mode "handover". A manifest of a shop where the person may not scan is unknown."""
    manifest = _manifest(pull) if pull.subject else None
    if pull.subject and manifest is None:
        return Judged(O.UNKNOWN, pull.code)
    shops: QuerySet[Merchant] = pull.merchants
    code, target = find(shops.filter(pk=manifest.merchant_id) if manifest else shops, pull.code)
    if target is None:
        return Judged(not_found(code), code, merchant_id=manifest.merchant_id if manifest else None)
    order = lock_order(target.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=target.pk)
    shipment.order = order
    if manifest:
        return _onto(pull, code, shipment, order, Manifest.objects.select_for_update().get(pk=manifest.pk))
    return _at_once(pull, code, shipment, order)


def _manifest(pull: Pull) -> Manifest | None:
    known = pull.subject.isdecimal() and len(pull.subject) < 19
    mine = Manifest.objects.filter(merchant__in=pull.merchants)
    return mine.filter(pk=int(pull.subject)).first() if known else None


def _at_once(pull: Pull, code: str, shipment: Shipment, order: Order) -> Judged:
    if is_cancelled(shipment, order):
        return Judged(O.CANCELLED, code, shipment)
    if shipment.stage == Stage.HANDED_OVER:
        by, at = _who_handed_over(shipment)
        return Judged(O.REPEATED, code, shipment, by=by, at=at)
    if shipment.stage != Stage.PACKED:
        return Judged(O.NOT_PACKED, code, shipment)
    leave(shipment, order, actor=pull.user.get_username(), at=pull.at, now=pull.now)
    return Judged(O.HANDED_OVER, code, shipment)


def _onto(pull: Pull, code: str, shipment: Shipment, order: Order, manifest: Manifest) -> Judged:
    shown: dict[str, Any] = {"manifest": str(manifest)}
    outcome = judge_onto(shipment, order, manifest)
    details: dict[str, Any] = {"manifest": manifest.pk}
    by, at = "", None
    if outcome == O.ON_MANIFEST:
        details["took_carrier"] = put_onto(shipment, manifest)
        shown["parcels"] = manifest.shipments.count()
    elif outcome == O.OTHER_MANIFEST:
        shown["other"] = str(shipment.manifest)
    elif outcome == O.OTHER_CARRIER:
        shown["carrier"] = shipment.carrier
    elif outcome == O.REPEATED:
        by, at = who_did(shipment, O.ON_MANIFEST) if shipment.manifest_id else _who_handed_over(shipment)
    return Judged(outcome, code, shipment, details=details, by=by, at=at, shown=shown)


def judge_onto(shipment: Shipment, order: Order, manifest: Manifest) -> ScanOutcome:
    """What scanning this parcel onto this manifest gives. All three are locked."""
    if is_cancelled(shipment, order):
        return O.CANCELLED
    if shipment.manifest_id == manifest.pk:
        return O.REPEATED
    if shipment.manifest_id:
        return O.OTHER_MANIFEST
    if shipment.stage == Stage.HANDED_OVER:
        return O.REPEATED
    if manifest.state == Manifest.State.CLOSED:
        return O.CLOSED
    if shipment.stage != Stage.PACKED:
        return O.NOT_PACKED
    if shipment.carrier and shipment.carrier.strip().casefold() != manifest.carrier.strip().casefold():
        return O.OTHER_CARRIER
    return O.ON_MANIFEST


def put_onto(shipment: Shipment, manifest: Manifest) -> bool:
    """True when the parcel had no carrier and took the manifest's."""
    took = not shipment.carrier
    shipment.manifest, shipment.carrier = manifest, shipment.carrier or manifest.carrier
    shipment.save(update_fields=["manifest", "carrier"])
    return took


def is_cancelled(shipment: Shipment, order: Order) -> bool:
    return shipment.stage == Stage.VOID or order.status == OrderStatus.CANCELLED


def _who_handed_over(shipment: Shipment) -> tuple[str, datetime | None]:
    by, at = who_did(shipment, O.HANDED_OVER)
    if at is None and (manifest := shipment.manifest):
        by = manifest.closed_by.get_username() if manifest.closed_by else ""
    return by, at or shipment.handed_over_at


def open_manifests(user: User) -> QuerySet[Manifest]:
    """Manifests being loaded where the person may scan, tallied, newest first."""
    mine = Manifest.objects.visible_to(user).filter(state=Manifest.State.OPEN)
    if not user.is_superuser:
        mine = mine.filter(merchant__in=user.merchants_where(Can.SCAN))
    return tallied(mine).select_related("merchant", "opened_by").order_by("-pk")


def tallied(manifests: QuerySet[Manifest]) -> QuerySet[Manifest]:
    """Each with its `parcels`, how many are `handed_over`, how many of those the carrier has `accepted`, and
    their `weight_g`. Subqueries: a list counts for the rows it shows, not for all that there are."""

    def of_parcels(what: Any, **where: Any) -> Coalesce:
        rows = Shipment.objects.filter(manifest=OuterRef("pk"), **where).order_by().values("manifest")
        return Coalesce(Subquery(rows.annotate(it=what).values("it")), Value(0), output_field=IntegerField())

    return manifests.annotate(
        parcels=of_parcels(Count("pk")),
        handed_over=of_parcels(Count("pk"), stage=Stage.HANDED_OVER),
        accepted=of_parcels(Count("pk"), first_scan_at__isnull=False),
        weight_g=of_parcels(Sum("weight_g")),
    )
