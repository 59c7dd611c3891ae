"""What a pull of the scanner's trigger does. Every scan is kept; a resend of one is answered from the record.

code -> parcel of the scanning person's shops?  no: unknown (another shop's parcel is as unknown as none)
          |
     lock the order, then the parcel -> move its stage -> ledger, stock, tracking -> keep the scan
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from orders import stock
from orders.ledger import record_event
from orders.lifecycle import advance_status, lock_order
from orders.models import Merchant, Order, OrderEvent, User
from orders.roles import Can
from orders.status import OrderStatus
from shipping.carriers.base import Reading
from shipping.models import Scan, Shipment
from shipping.status import Direction, ScanOutcome, Stage, TrackingStatus
from shipping.tracking.record import record
from shipping.warehouse.pull import Judged, Pull

PACK, HANDOVER = "pack", "handover"
MAX_CODE = 100

_PARCEL = re.compile(r"P[0-9A-HJKMNP-TV-Z]{11}")
_LINK = re.compile(r"/t/([A-Za-z0-9_-]{22})(?:/|$)")
_LOOK_ALIKES = str.maketrans("OIL", "011")  # letters that are not in the codes' alphabet
_REPEATABLE = {PACK: ScanOutcome.PACKED, HANDOVER: ScanOutcome.HANDED_OVER}


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
    by, at = (
        _who_did(row.shipment, row.mode)
        if row.outcome == ScanOutcome.REPEATED and row.shipment
        else ("", None)
    )
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
    """Pack or hand over a parcel by one scan of its code."""
    code, target = _find(pull.merchants, pull.code)
    if target is None:
        return Judged(ScanOutcome.UNKNOWN if _PARCEL.fullmatch(code) else ScanOutcome.NOT_A_PARCEL, code)
    order = lock_order(target.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=target.pk)
    shipment.order = order
    outcome, by, at = _judge(shipment, order, pull.mode), "", None
    if outcome == ScanOutcome.PACKED:
        _pack(shipment, order, pull.user, pull.now)
    elif outcome == ScanOutcome.HANDED_OVER:
        _hand_over(shipment, order, pull.user, pull.now)
    elif outcome == ScanOutcome.REPEATED:
        by, at = _who_did(shipment, pull.mode)
    return Judged(outcome, code, shipment, by=by, at=at)


def _find(merchants: QuerySet[Merchant], code: str) -> tuple[str, Shipment | None]:
    """The code as parcels carry it, and the outgoing parcel it names. A packing slip's QR code holds the
    customer's link: it names a parcel when its order has exactly one."""
    mine = Shipment.objects.filter(merchant__in=merchants, direction=Direction.OUTBOUND)
    link = _LINK.search(code)
    if link:
        parcels = list(mine.filter(order__public_key=link[1]).exclude(stage=Stage.VOID)[:2])
        return (parcels[0].code, parcels[0]) if len(parcels) == 1 else (code, None)
    plain = re.sub(r"[\s-]", "", code).upper()
    tidy = plain[:1] + plain[1:].translate(_LOOK_ALIKES)
    if _PARCEL.fullmatch(tidy):
        return tidy, mine.filter(code=tidy).first()
    return code, None


def _judge(shipment: Shipment, order: Order, mode: str) -> ScanOutcome:
    if shipment.stage == Stage.VOID or order.status == OrderStatus.CANCELLED:
        return ScanOutcome.CANCELLED
    if shipment.stage == Stage.HANDED_OVER:
        return ScanOutcome.REPEATED
    if mode == PACK:
        return ScanOutcome.PACKED if shipment.stage == Stage.OPEN else ScanOutcome.REPEATED
    return ScanOutcome.HANDED_OVER if shipment.stage == Stage.PACKED else ScanOutcome.NOT_PACKED


def _pack(shipment: Shipment, order: Order, user: User, now: datetime) -> None:
    shipment.stage, shipment.packed_at = Stage.PACKED, now
    shipment.save(update_fields=["stage", "packed_at"])
    _note(order, OrderEvent.Kind.PACKED, shipment, user, now)
    if order.status == OrderStatus.PENDING:
        advance_status(order, OrderStatus.PROCESSING, actor=user.get_username(), now=now, occurred_at=now)


def _hand_over(shipment: Shipment, order: Order, user: User, now: datetime) -> None:
    shipment.stage, shipment.handed_over_at = Stage.HANDED_OVER, now
    shipment.save(update_fields=["stage", "handed_over_at"])
    stock.consume([(line.order_line, line.quantity) for line in shipment.lines.select_related("order_line")])
    _note(order, OrderEvent.Kind.HANDED_OVER, shipment, user, now)
    _tell_tracking(shipment, user, now)


def _note(order: Order, kind: OrderEvent.Kind, shipment: Shipment, user: User, now: datetime) -> None:
    key = f"{kind.value}:{shipment.pk}"
    actor = user.get_username()
    record_event(order, kind, subject=shipment.subject, key=key, actor=actor, occurred_at=now, now=now)


def _tell_tracking(shipment: Shipment, user: User, now: datetime) -> None:
    """Our hand-over is not the carrier's scan: until that comes the parcel is announced, not on its way."""
    reading = Reading(
        status=TrackingStatus.PRE_TRANSIT,
        occurred_at=now,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        shipment_id=shipment.pk,
        source="warehouse",
        code="handed-over",
        message="Handed over to the carrier",
        zone=shipment.merchant.zone,
        payload={"by": user.get_username()},
    )
    record([reading], merchant=shipment.merchant, now=now, actor=user.get_username())


def _who_did(shipment: Shipment, mode: str) -> tuple[str, datetime | None]:
    """Who brought the parcel where this scan would have brought it, and when."""
    done = Scan.objects.filter(shipment=shipment).filter(
        Q(outcome=_REPEATABLE[mode]) | Q(outcome=ScanOutcome.HANDED_OVER)
    )
    first = done.select_related("operator").order_by("pk").first()
    if first is None:
        return "", shipment.packed_at if mode == PACK else shipment.handed_over_at
    return first.operator.get_username() if first.operator else "", first.scanned_at


HANDLERS: dict[str, Callable[[Pull], Judged]] = {PACK: _whole_parcel, HANDOVER: _whole_parcel}
"""What the station can do, by the name of its mode. Each handler runs inside the transaction that keeps the
scan, locks the order before the parcel, and raises nothing for bad input: every outcome is a `ScanOutcome`."""
MODES = tuple(HANDLERS)
