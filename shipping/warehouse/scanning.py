"""What a pull of the scanner's trigger does. Every scan is kept; a resend of one is answered from the record.

code -> parcel of the scanning person's shops?  no: unknown (another shop's parcel is as unknown as none)
          |
     lock the order, then the parcel -> move its stage -> ledger, stock, tracking -> keep the scan
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from orders.models import Merchant, User
from orders.roles import Can
from shipping.documents.freshness import is_stale, split_code
from shipping.models import Scan, Shipment
from shipping.status import ScanOutcome
from shipping.warehouse.handover import hand_over
from shipping.warehouse.lookup import find, not_found, who_did
from shipping.warehouse.packed import BROUGHT, blocked, pack
from shipping.warehouse.packing import station
from shipping.warehouse.picking import pick
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.table import lay

PACK, HANDOVER, PICK, STATION = "pack", "handover", "pick", "station"
MAX_CODE, MAX_KEPT = 200, 100
_EARLIER = (ScanOutcome.REPEATED, ScanOutcome.CONFLICT)


@dataclass(frozen=True)
class Scanned:
    """What came of a scan. `by` and `at` tell of the earlier scan when this one repeats it."""

    outcome: str
    mode: str
    code: str
    client_id: uuid.UUID
    shipment: Shipment | None = None
    by: str = ""
    at: datetime | None = None
    resent: bool = False
    details: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)


def scan(
    *,
    user: User,
    code: str,
    mode: str,
    client_id: uuid.UUID,
    now: datetime,
    scanned_at: datetime | None = None,
    station: str = "",
    subject: str = "",
) -> Scanned | None:
    """Apply one scan. `client_id` is made by the scanning page: the same one again changes nothing and gets
    the same outcome. None when the person may scan for no shop. Raises ValueError for an unknown mode."""
    if mode not in HANDLERS:
        raise ValueError(mode)
    merchants = scanning_merchants(user)
    code = code.replace("\x00", "").strip()[:MAX_CODE]
    home = merchants.order_by("pk").first()
    if home is None:
        return None
    pull = Pull(user, merchants, code, mode, client_id, now, scanned_at or now, station[:40], subject[:60])
    try:
        return _earlier(merchants, client_id) or _apply(pull, home)
    except IntegrityError:  # its twin was faster
        earlier = _earlier(merchants, client_id)
        if earlier is None:
            raise
        return earlier


def scanning_merchants(user: User) -> QuerySet[Merchant]:
    mine = Merchant.objects.visible_to(user)
    return mine if user.is_superuser else mine.filter(pk__in=user.merchants_where(Can.SCAN))


def _earlier(merchants: QuerySet[Merchant], client_id: uuid.UUID) -> Scanned | None:
    row = (
        Scan.objects.filter(merchant__in=merchants, client_id=client_id)
        .select_related("shipment__order")
        .first()
    )
    if row is None:
        return None
    again = row.outcome in _EARLIER and row.shipment
    by, at = who_did(again, *BROUGHT) if again else ("", None)
    return Scanned(row.outcome, row.mode, row.code, client_id, row.shipment, by, at, True, row.details)


@transaction.atomic
def _apply(pull: Pull, home: Merchant) -> Scanned:
    judged = HANDLERS[pull.mode](pull)
    shipment = judged.shipment
    Scan.objects.create(
        merchant_id=judged.merchant_id or (shipment.merchant_id if shipment else home.pk),
        shipment=shipment,
        client_id=pull.client_id,
        mode=pull.mode,
        station=pull.station,
        code=judged.code[:MAX_KEPT],
        line=judged.line,
        details=judged.details,
        undoes=judged.undoes,
        outcome=judged.outcome,
        operator=pull.user,
        scanned_at=pull.scanned_at,
        received_at=pull.now,
    )
    return Scanned(
        judged.outcome,
        pull.mode,
        judged.code,
        pull.client_id,
        shipment,
        judged.by,
        judged.at,
        details=judged.details,
        shown=judged.shown,
    )


def _whole_parcel(pull: Pull) -> Judged:
    """Pack a parcel by one scan of its code."""
    code, target = find(pull.merchants, pull.code)
    if target is None:
        return Judged(not_found(code), code)
    table = lay(target)
    shipment, order = table.shipment, table.order
    if refused := blocked(pull, code, shipment, order):
        return refused
    if is_stale(shipment, split_code(pull.code)[1]):
        return Judged(ScanOutcome.STALE_SLIP, code, shipment)
    pack(shipment, order, actor=pull.user.get_username(), at=pull.at, now=pull.now)
    return Judged(ScanOutcome.PACKED, code, shipment)


HANDLERS: dict[str, Callable[[Pull], Judged]] = {
    PACK: _whole_parcel,
    HANDOVER: hand_over,
    PICK: pick,
    STATION: station,
}
"""What the station can do, by the name of its mode. Each handler runs inside the transaction that keeps the
scan, locks the order before the parcel, and raises nothing for bad input: every outcome is a `ScanOutcome`."""
MODES = tuple(HANDLERS)
