"""The demo's warehouse: boxes, a wave to pick, a manifest being loaded, and one that the carrier has not
wholly accepted."""

import uuid
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

from orders.models import Merchant, User
from shipping.carriers.base import Reading
from shipping.models import Box, Manifest, Shipment
from shipping.status import Stage, TrackingStatus
from shipping.tracking.record import record
from shipping.warehouse.manifests import close_manifest, hand_over_parcels, open_manifest
from shipping.warehouse.scanning import HANDOVER, PACK, scan
from shipping.warehouse.waves import WaveError, make_wave

BOXES = [
    ("Small", 200, 150, 100, 60, 2000),
    ("Medium", 350, 250, 150, 140, 10_000),
    ("Large", 600, 400, 400, 420, 25_000),
]
DRIVERS = {"olive-oak": "J. Novák", "nori": "佐藤 健", "sahara": "يوسف بن علي"}
SOME = 5


def fill(merchant: Merchant, packer: User, now: datetime) -> None:
    for number, (name, length, width, height, weight, most) in enumerate(BOXES, 1):
        Box.objects.create(
            merchant=merchant, name=name, code=f"BOX-{number}", length_mm=length, width_mm=width, height_mm=height,
            weight_g=weight, max_g=most,
        )  # fmt: skip
    parcels = Shipment.objects.for_merchant(merchant).order_by("created_at", "pk")
    _gap(
        merchant,
        packer,
        list(parcels.filter(stage=Stage.OPEN, created_at__lt=now - timedelta(days=5))[:3]),
        now,
    )
    packed = parcels.filter(stage=Stage.PACKED, manifest=None)
    (carrier, _count), *_ = Counter(packed.values_list("carrier", flat=True)).most_common(1)
    loading = _open(merchant, packer, carrier, "2", now - timedelta(minutes=40))
    for shipment in packed.filter(carrier=carrier)[:SOME]:
        _scan(shipment, packer, HANDOVER, now - timedelta(minutes=20), loading)
    to_pick = parcels.filter(stage=Stage.OPEN, order__status="processing").values_list("pk", flat=True)
    with suppress(WaveError):  # nothing of them is in stock
        make_wave(merchant=merchant, user=packer, shipment_ids=list(to_pick[: SOME + 3]), now=now)


def _gap(merchant: Merchant, packer: User, parcels: list[Shipment], now: datetime) -> None:
    """Scanned out four days ago; the carrier has scanned the first of them only."""
    if not parcels:
        return
    at = now - timedelta(days=4)
    Shipment.objects.filter(pk__in=[parcel.pk for parcel in parcels]).update(carrier="", tracking_number="")
    manifest = _open(merchant, packer, "DHL", "3", at)
    for parcel in parcels:
        _scan(parcel, packer, PACK, at)
        _scan(parcel, packer, HANDOVER, at + timedelta(minutes=10), manifest)
    closed_at = at + timedelta(minutes=30)
    close_manifest(manifest, user=packer, now=closed_at)
    hand_over_parcels(manifest.pk, now=closed_at)
    for parcel in parcels[:1]:
        seen = closed_at + timedelta(hours=5)
        reading = Reading(TrackingStatus.PICKED_UP, seen, carrier="DHL", shipment_id=parcel.pk, source="csv")
        record([reading], merchant=merchant, now=seen, actor="DHL")


def _open(merchant: Merchant, packer: User, carrier: str, dock: str, at: datetime) -> Manifest:
    driver = DRIVERS.get(merchant.slug, "A. Driver")
    return open_manifest(
        merchant=merchant, carrier=carrier, dock=dock, driver=driver, vehicle="", user=packer, now=at
    )


def _scan(
    shipment: Shipment, packer: User, mode: str, at: datetime, manifest: Manifest | None = None
) -> None:
    scan(
        user=packer,
        code=shipment.code,
        mode=mode,
        client_id=uuid.uuid5(uuid.NAMESPACE_URL, f"{shipment.code}-floor-{mode}"),
        now=at,
        subject=str(manifest.pk) if manifest else "",
    )
