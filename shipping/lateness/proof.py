"""Proof of what happened to a parcel, for a claim: our own scans with who made them, and the carrier's word of the delivery."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shipping.models import Scan, Shipment
from shipping.status import ScanOutcome, TrackingStatus
from shipping.tracking.signature import signed_by

_PACKED = (ScanOutcome.PACKED, ScanOutcome.RIGHT_ITEM)
_HANDED_OVER = (ScanOutcome.HANDED_OVER, ScanOutcome.ON_MANIFEST)


class Piece(NamedTuple):
    """`by` is who saw it, `words` what is known of it."""

    what: str
    at: datetime
    zone: ZoneInfo
    by: str
    words: str


def proof_of(shipment: Shipment) -> Iterator[Piece]:
    zone, scans = shipment.merchant.tz, Scan.objects.filter(shipment=shipment, undone_by__isnull=True)
    if shipment.packed_at:
        packed = scans.filter(outcome__in=_PACKED)
        count = scans.filter(outcome=ScanOutcome.RIGHT_ITEM).count()
        pieces = f"{count} piece{'' if count == 1 else 's'} scanned into it" if count else ""
        weight = f"{shipment.weight_g} g" if shipment.weight_g else ""
        words = ", ".join(filter(None, (pieces, weight)))
        yield Piece("Packed", shipment.packed_at, zone, _who(packed.order_by("-pk").first()), words)
    if shipment.handed_over_at:
        last = scans.filter(outcome__in=_HANDED_OVER).order_by("-pk").first()
        yield Piece("Handed over", shipment.handed_over_at, zone, _who(last), _manifest(shipment))
    delivered = shipment.events.filter(status=TrackingStatus.DELIVERED).order_by("occurred_at", "pk").first()
    if delivered:
        signed = signed_by(delivered.payload)
        told = [delivered.message, delivered.place, f"signed by {signed}" if signed else "no signature"]
        yield Piece(
            "Delivered, by the carrier’s word", delivered.occurred_at, ZoneInfo(delivered.zone), delivered.carrier,
            ", ".join(filter(None, told)),
        )  # fmt: skip


def _who(scan: Scan | None) -> str:
    return scan.operator.get_full_name() or scan.operator.get_username() if scan and scan.operator else ""


def _manifest(shipment: Shipment) -> str:
    known = shipment.manifest
    if known is None:
        return ""
    driver = f"driver {known.driver}" if known.driver else ""
    dock = f"dock {known.dock}" if known.dock else ""
    return ", ".join(filter(None, (f"manifest M-{known.number}", driver, dock)))
