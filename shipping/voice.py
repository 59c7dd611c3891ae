"""The customer's own word about a parcel: a rating, or a report that the shop should see."""

from datetime import datetime

from django.db import transaction

from orders.ledger import record_event
from orders.lifecycle import lock_order
from orders.models import Order, OrderEvent
from orders.status import OrderStatus
from shipping.lateness.cases import review
from shipping.models import CustomerReport, Rating, Shipment
from shipping.promise.lanes import origin_of
from shipping.scorecard.rollup import outcomes_of
from shipping.status import TROUBLE, Direction, ReportKind, Stage, TrackingStatus
from shipping.tracking import stale

LONGEST = 1000
ADDRESS_STATUSES = frozenset(
    {TrackingStatus.ATTEMPT_FAILED, TrackingStatus.ON_HOLD, TrackingStatus.EXCEPTION}
)
"""In which the shop wants to hear whether the address is right."""
_ELSEWHERE = TROUBLE | {TrackingStatus.AVAILABLE_FOR_PICKUP, TrackingStatus.CANCELLED}
"""In which the carrier knows better than the shop that it has not come."""


class NotNow(ValueError):
    """What was said does not fit the parcel as it is; the words are for the customer."""


def arrived_at(shipment: Shipment, order: Order) -> datetime | None:
    """When the customer has it: by the carrier's word, or by the shop's where no carrier says that it is not so."""
    if shipment.direction != Direction.OUTBOUND or shipment.stage == Stage.VOID:
        return None
    if shipment.delivered_at:
        return shipment.delivered_at
    by_hand = order.status == OrderStatus.DELIVERED and shipment.tracking_status not in _ELSEWHERE
    return order.delivered_at if by_hand else None


def rate(shipment: Shipment, *, score: int | None, comment: str | None, now: datetime) -> Rating:
    """Keep one to five, or a comment to what was said before; one rating a parcel, the last word counts.

    Raises NotNow for a parcel that has not arrived, a score that is none, or a comment without a score.
    """
    if arrived_at(shipment, shipment.order) is None:
        raise NotNow("A parcel can be rated once it has arrived.")
    if score is not None and not 1 <= score <= 5:
        raise NotNow("Choose one to five.")
    said: dict[str, object] = {"changed_at": now}
    if score is not None:
        said["score"] = score
    if comment is not None:
        said["comment"] = comment.strip()[:LONGEST]
    stale.mark(shipment.merchant, [stale.ended_on(shipment, shipment.merchant)])
    if Rating.objects.filter(shipment=shipment).update(**said):
        return Rating.objects.get(shipment=shipment)
    if score is None:
        raise NotNow("Choose one to five first.")
    came = next(iter(outcomes_of([shipment], shipment.merchant)), None)
    fixed = {
        "merchant": shipment.merchant, "carrier": shipment.carrier, "service": shipment.service,
        "origin": origin_of(shipment.merchant)[:2], "destination": shipment.order.ship_to.country,
        "late": bool(came and came.judged and not came.on_time), "created_at": now,
    }  # fmt: skip
    rating, _ = Rating.objects.update_or_create(
        shipment=shipment, defaults=said, create_defaults=fixed | said
    )
    return rating


def report(shipment: Shipment, kind: str, *, text: str, tier: int, now: datetime) -> CustomerReport:
    """Tell the shop, once: a second report of the kind adds its words to the open one. Opens the parcel's case.

    Raises NotNow where it does not fit the parcel.
    """
    arrived = arrived_at(shipment, shipment.order) is not None
    if kind not in ReportKind.values or (kind == ReportKind.NOT_ARRIVED) != arrived:
        raise NotNow("This does not fit the parcel any more; look at the page again.")
    if kind != ReportKind.NOT_ARRIVED and shipment.tracking_status not in ADDRESS_STATUSES:
        raise NotNow("The address does not need to be confirmed now.")
    text = text.strip()[:LONGEST]
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        row = CustomerReport.objects.filter(shipment=shipment, kind=kind, settled_at__isnull=True).first()
        if row is None:
            row = CustomerReport.objects.create(
                merchant_id=shipment.merchant_id,
                shipment=shipment,
                kind=kind,
                text=text,
                tier=tier,
                created_at=now,
            )
            record_event(
                order,
                OrderEvent.Kind.REPORT,
                new=kind,
                subject=shipment.subject,
                occurred_at=now,
                now=now,
                actor="customer",
            )
        elif text and text not in row.text:
            row.text = f"{row.text}\n{text}".strip()[: 3 * LONGEST]
            row.tier = max(row.tier, tier)
            row.save(update_fields=["text", "tier"])
    review(now=now, shipments=[shipment.pk])
    return row


def settle(row: CustomerReport, *, by: str, now: datetime) -> bool:
    """The shop has dealt with it. False when somebody had before."""
    settled = CustomerReport.objects.filter(pk=row.pk, settled_at__isnull=True).update(
        settled_at=now, settled_by=by
    )
    if settled:
        review(now=now, shipments=[row.shipment_id])
    return bool(settled)
