"""A parcel is packed: its stage, the ledger and the order's status. The caller has locked the order, then the
parcel."""

from datetime import datetime

from orders.ledger import record_event
from orders.lifecycle import advance_status
from orders.models import Order, OrderEvent
from orders.status import OrderStatus
from shipping.models import Shipment
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.lookup import who_did
from shipping.warehouse.pull import Judged, Pull

BROUGHT = (ScanOutcome.PACKED, ScanOutcome.HANDED_OVER, ScanOutcome.ON_MANIFEST)


def pack(shipment: Shipment, order: Order, *, actor: str, at: datetime, now: datetime) -> None:
    """`at` is when it was packed, `now` when we learned of it."""
    shipment.stage, shipment.packed_at = Stage.PACKED, at
    shipment.save(update_fields=["stage", "packed_at"])
    record_event(
        order, OrderEvent.Kind.PACKED, subject=shipment.subject, key=f"packed:{shipment.pk}",
        actor=actor, occurred_at=at, now=now,
    )  # fmt: skip
    if order.status == OrderStatus.PENDING:
        advance_status(order, OrderStatus.PROCESSING, actor=actor, now=now, occurred_at=at)


def blocked(pull: Pull, code: str, shipment: Shipment, order: Order) -> Judged | None:
    """Why nothing can be packed into this parcel any more, if so: called off, or closed before. What was scanned
    without a network and finds the parcel closed by somebody else is a conflict."""
    if shipment.stage == Stage.VOID or order.status == OrderStatus.CANCELLED:
        return Judged(ScanOutcome.CANCELLED, code, shipment)
    if shipment.stage == Stage.OPEN:
        return None
    by, at = who_did(shipment, *BROUGHT)
    someone_else = bool(by) and by != pull.user.get_username()
    outcome = ScanOutcome.CONFLICT if pull.waited and someone_else else ScanOutcome.REPEATED
    at = at or shipment.handed_over_at or shipment.packed_at
    return Judged(outcome, code, shipment, by=by, at=at)
