"""Which parcel a scanned code names, and who brought a parcel where it is."""

import re
from datetime import datetime

from django.db.models import QuerySet

from orders.models import Merchant
from shipping.models import Scan, Shipment
from shipping.models.shipment import FROM_HERE
from shipping.status import ScanOutcome, Stage

_PARCEL = re.compile(r"(P[0-9A-HJKMNP-TV-Z]{11})(?:[0-9A-HJKMNP-TV-Z]{4})?")  # a slip adds its hash
_LINK = re.compile(r"/t/([A-Za-z0-9_-]{22})(?:/|$)")
_LOOK_ALIKES = str.maketrans("OIL", "011")  # letters that are not in the codes' alphabet


def find(merchants: QuerySet[Merchant], code: str) -> tuple[str, Shipment | None]:
    """The code as parcels carry it, and the outgoing parcel it names. A packing slip's QR code holds the
    customer's link: it names a parcel when its order has exactly one."""
    mine = Shipment.objects.filter(FROM_HERE, merchant__in=merchants)
    link = _LINK.search(code)
    if link:
        parcels = list(mine.filter(order__public_key=link[1]).exclude(stage=Stage.VOID)[:2])
        return (parcels[0].code, parcels[0]) if len(parcels) == 1 else (code, None)
    plain = re.sub(r"[\s-]", "", code).upper()
    tidy = plain[:1] + plain[1:].translate(_LOOK_ALIKES)
    if named := _PARCEL.fullmatch(tidy):
        return named[1], mine.filter(code=named[1]).first()
    return code, None


def not_found(code: str) -> ScanOutcome:
    """Why `find` found nothing: a parcel's code that is nobody's here, or no parcel's code at all."""
    return ScanOutcome.UNKNOWN if _PARCEL.fullmatch(code) else ScanOutcome.NOT_A_PARCEL


def who_did(shipment: Shipment, *outcomes: str) -> tuple[str, datetime | None]:
    """The operator and the moment of the parcel's latest scan with one of these outcomes; ("", None) without."""
    done = Scan.objects.filter(shipment=shipment, outcome__in=outcomes)
    last = done.select_related("operator").order_by("-pk").first()
    if last is None:
        return "", None
    return last.operator.get_username() if last.operator else "", last.scanned_at
