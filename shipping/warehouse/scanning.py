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

from orders.ledger import record_event
from orders.lifecycle import advance_status, lock_order
from orders.models import Merchant, Order, OrderEvent, User
from orders.roles import Can
from orders.status import OrderStatus
from shipping.models import Scan, Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.handover import hand_over
from shipping.warehouse.lookup import find, not_found, who_did
from shipping.warehouse.picking import pick
from shipping.warehouse.pull import Judged, Pull

PACK, HANDOVER, PICK = "pack", "handover", "pick"
MAX_CODE = 100

_BROUGHT = (ScanOutcome.PACKED, ScanOutcome.HANDED_OVER, ScanOutcome.ON_MANIFEST)


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
    again = row.outcome == ScanOutcome.REPEATED and row.shipment
    by, at = who_did(again, *_BROUGHT) if again else ("", None)
    return Scanned(row.outcome, row.mode, row.code, client_id, row.shipment, by, at, resent=True)


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
        code=judged.code[:MAX_CODE],
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
        shown=judged.shown,
    )


def _whole_parcel(pull: Pull) -> Judged:
    """Pack a parcel by one scan of its code."""
    code, target = find(pull.merchants, pull.code)
    if target is None:
        return Judged(not_found(code), code)
    order = lock_order(target.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=target.pk)
    shipment.order = order
    outcome, by, at = _judge(shipment, order), "", None
    if outcome == ScanOutcome.PACKED:
        _pack(shipment, order, pull.user, pull.now)
    elif outcome == ScanOutcome.REPEATED:
        by, at = who_did(shipment, *_BROUGHT)
        at = at or shipment.handed_over_at or shipment.packed_at
    return Judged(outcome, code, shipment, by=by, at=at)


def _judge(shipment: Shipment, order: Order) -> ScanOutcome:
    if shipment.stage == Stage.VOID or order.status == OrderStatus.CANCELLED:
        return ScanOutcome.CANCELLED
    return ScanOutcome.PACKED if shipment.stage == Stage.OPEN else ScanOutcome.REPEATED


def _pack(shipment: Shipment, order: Order, user: User, now: datetime) -> None:
    shipment.stage, shipment.packed_at = Stage.PACKED, now
    shipment.save(update_fields=["stage", "packed_at"])
    record_event(
        order, OrderEvent.Kind.PACKED, subject=shipment.subject, key=f"packed:{shipment.pk}",
        actor=user.get_username(), occurred_at=now, now=now,
    )  # fmt: skip
    if order.status == OrderStatus.PENDING:
        advance_status(order, OrderStatus.PROCESSING, actor=user.get_username(), now=now, occurred_at=now)


HANDLERS: dict[str, Callable[[Pull], Judged]] = {PACK: _whole_parcel, HANDOVER: hand_over, PICK: pick}
"""What the station can do, by the name of its mode. Each handler runs inside the transaction that keeps the
scan, locks the order before the parcel, and raises nothing for bad input: every outcome is a `ScanOutcome`."""
MODES = tuple(HANDLERS)
