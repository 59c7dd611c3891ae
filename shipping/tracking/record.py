"""The one way a tracking event comes in, whoever tells it: carrier, warehouse, staff, file or simulator.

readings -> match to a parcel --none--> quarantine, nothing else changes
                 |
            lock the orders, insert events not stored yet, reduce all of each parcel's events
                 |
            unchanged: stop        changed: save parcel, promise row, ledger, order status
                                   (notices are written by the ledger's listener, same transaction)
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from orders import purchasing
from orders.bulk import update_all
from orders.ledger import record_event
from orders.lifecycle import advance_status, lock_orders
from orders.models import Merchant, Order, OrderEvent
from orders.status import OrderKind, OrderStatus
from shipping.carriers.base import Reading, normal_number
from shipping.models import Promise, Shipment, TrackingEvent
from shipping.promise.estimate import Estimate
from shipping.promise.keep import promise
from shipping.status import Direction, Stage, TrackingStatus
from shipping.tracking import codes, quarantine, stale
from shipping.tracking.clock import believable
from shipping.tracking.match import match
from shipping.tracking.reduce import Event, State, reduce

CHUNK = 250  # parcels in one transaction
BATCH = 500  # rows in one statement
STATE = ["tracking_status", "status_at", "first_scan_at", "last_event_at", "delivered_at"]
FIELDS = [*STATE, "tracking_number", "carrier"]
Parcels = dict[tuple[int, int], list[Reading]]
"""Readings by (order id, parcel id)."""


@dataclass
class Recorded:
    """What came of the readings: new events, repeats, readings put in quarantine, parcels whose status moved."""

    added: int = 0
    repeated: int = 0
    quarantined: int = 0
    moved: int = 0


def record(readings: Iterable[Reading], *, merchant: Merchant, now: datetime, actor: str = "") -> Recorded:
    """Take readings in. Idempotent; a parcel's facts are taken whole or not at all. `now` is when we learned of them."""
    done = Recorded()
    by_parcel: dict[tuple[int, int], list[Reading]] = defaultdict(list)
    believed = [believable(reading, now) for reading in readings]
    for reading, shipment, why_not in match(codes.translated(believed, merchant), merchant):
        if shipment is None:
            done.quarantined += quarantine.keep(reading, why_not, merchant=merchant, now=now)
        else:
            by_parcel[shipment.order_id, shipment.pk].append(reading)
    parcels = sorted(by_parcel.items())
    for at in range(0, len(parcels), CHUNK):
        _record_chunk(dict(parcels[at : at + CHUNK]), merchant=merchant, now=now, actor=actor, done=done)
    return done


def _record_chunk(parcels: Parcels, *, merchant: Merchant, now: datetime, actor: str, done: Recorded) -> None:
    """Many parcels in one transaction; where one of them cannot be recorded, each in its own."""
    together = Recorded()
    try:
        _record_together(parcels, merchant=merchant, now=now, actor=actor, done=together)
    except Exception:
        if len(parcels) == 1:
            raise
        for key, said in parcels.items():
            _record_chunk({key: said}, merchant=merchant, now=now, actor=actor, done=done)
        return
    done.added += together.added
    done.repeated += together.repeated
    done.moved += together.moved


@transaction.atomic
def _record_together(
    parcels: Parcels, *, merchant: Merchant, now: datetime, actor: str, done: Recorded
) -> None:
    orders = lock_orders((order_id for order_id, _ in parcels), merchant=merchant)
    shipments = Shipment.objects.in_bulk([shipment_id for _, shipment_id in parcels])
    known: dict[int, dict[str, Event]] = defaultdict(dict)
    rows = TrackingEvent.objects.filter(shipment__in=shipments).order_by()
    for shipment_id, status, at, key in rows.values_list(
        "shipment_id", "status", "occurred_at", "fingerprint"
    ):
        known[shipment_id][key] = Event(status, at, key)
    news: list[tuple[Shipment, dict[str, Reading]]] = []
    for (order_id, shipment_id), said in parcels.items():
        fresh = {
            reading.fingerprint: reading for reading in said if reading.fingerprint not in known[shipment_id]
        }
        done.added += len(fresh)
        done.repeated += len(said) - len(fresh)
        shipment = shipments[shipment_id]
        shipment.order = orders[order_id]
        shipment.merchant = merchant
        if fresh:
            news.append((shipment, fresh))
    TrackingEvent.objects.bulk_create(
        [_row(shipment, reading, now) for shipment, fresh in news for reading in fresh.values()],
        batch_size=BATCH,
    )
    ended = [stale.ended_on(shipment, merchant) for shipment, _ in news]
    moves = [(shipment, *_move(shipment, fresh, known[shipment.pk])) for shipment, fresh in news]
    update_all([shipment for shipment, _ in news], FIELDS)
    stale.mark(merchant, [*ended, *(stale.ended_on(shipment, merchant) for shipment, _ in news)])
    for shipment, fresh in news:
        codes.note_unknown(shipment, fresh.values(), now=now)
    for (_, shipment_id), said in parcels.items():
        _promise(shipments[shipment_id], said, known[shipment_id], now=now)
    done.moved += announce(moves, now=now, actor=actor)


def _move(shipment: Shipment, fresh: dict[str, Reading], known: dict[str, Event]) -> tuple[str, State]:
    """Set on the parcel what is true now; the status before, and the state."""
    events = [*known.values(), *(Event(said.status, said.occurred_at, key) for key, said in fresh.items())]
    before, state = shipment.tracking_status, reduce(events)
    apply_state(shipment, state)
    for reading in fresh.values():
        if not shipment.tracking_number and reading.tracking_number:
            shipment.tracking_number = normal_number(reading.tracking_number)
            shipment.carrier = reading.carrier
    return before, state


def _row(shipment: Shipment, reading: Reading, now: datetime) -> TrackingEvent:
    return TrackingEvent(
        shipment=shipment,
        fingerprint=reading.fingerprint,
        source=reading.source,
        carrier=reading.carrier,
        status=reading.status,
        code=reading.code,
        message=reading.message,
        city=reading.city,
        region=reading.region,
        country=reading.country,
        postal_code=reading.postal_code,
        occurred_at=reading.occurred_at,
        told_at=reading.told_at,
        zone=reading.zone,
        zone_assumed=reading.zone_assumed,
        received_at=now,
        mapping_version=reading.mapping_version,
        payload=dict(reading.payload),
    )


def apply_state(shipment: Shipment, state: State) -> None:
    shipment.tracking_status = state.status
    shipment.status_at = state.status_at
    shipment.first_scan_at = state.first_scan_at
    shipment.last_event_at = state.last_event_at
    shipment.delivered_at = state.delivered_at


def _promise(shipment: Shipment, said: Sequence[Reading], known: Container[str], *, now: datetime) -> None:
    """A carrier's new date becomes the promise in force; the old one stays in the history. A date that changes while no
    new scan comes counts when it is told with the parcel's newest scan: an old body that comes again is no news."""
    dated = [
        reading
        for reading in said
        if reading.eta and (reading.fingerprint not in known or _newest(reading, shipment))
    ]
    if not dated or shipment.delivered_at:
        return
    latest = max(
        enumerate(dated), key=lambda row: (row[1].fingerprint not in known, row[1].occurred_at, row[0])
    )[1]
    day: date = latest.eta  # type: ignore[assignment]
    if shipment.promised_to == day or (latest.fingerprint in known and _said_before(shipment, day)):
        return
    estimate = Estimate(day, day, Promise.Source.CARRIER, f"{latest.carrier or 'the carrier'} said so")
    promise(shipment, estimate, order=shipment.order, now=now, occurred_at=latest.occurred_at)


def _newest(reading: Reading, shipment: Shipment) -> bool:
    last = shipment.last_event_at
    return last is None or reading.occurred_at >= last


def _said_before(shipment: Shipment, day: date) -> bool:
    """Whether this is only what the carrier said last, and somebody else has promised since."""
    last = Promise.objects.filter(shipment=shipment, source=Promise.Source.CARRIER).order_by("-pk").first()
    return last is not None and last.to_day == day


def announce(moves: Iterable[tuple[Shipment, str, State]], *, now: datetime, actor: str) -> int:
    """Tell of the parcels (with their locked orders, the status before and the state now, which is saved) whose status has
    changed. Returns how many."""
    moved = [move for move in moves if move[2].status != move[1]]
    still_out = _still_out(
        shipment for shipment, _, state in moved if state.status == TrackingStatus.DELIVERED
    )
    for shipment, before, state in moved:
        everything = shipment.order_id not in still_out
        _announce(shipment.order, shipment, before, state, everything=everything, now=now, actor=actor)
    return len(moved)


def _announce(
    order: Order,
    shipment: Shipment,
    before: str,
    state: State,
    *,
    everything: bool,
    now: datetime,
    actor: str,
) -> None:
    """`everything`: no other parcel of the order is still on its way."""
    occurred_at = state.status_at or now
    record_event(
        order,
        OrderEvent.Kind.SHIPMENT,
        old=before,
        new=state.status,
        subject=shipment.subject,
        occurred_at=occurred_at,
        now=now,
        actor=actor,
    )
    if shipment.stage == Stage.VOID:
        return  # a called-off parcel that moves is a mistake, of its number or of a hand: the order has not left
    coming = shipment.direction == Direction.INBOUND and order.kind == OrderKind.PURCHASE
    if coming and state.status == TrackingStatus.DELIVERED and everything:
        purchasing.arrived(order, occurred_at)  # received it is only when somebody has counted it
    elif coming and state.first_scan_at:
        advance_status(
            order, OrderStatus.SHIPPED, actor=actor or "carrier", now=now, occurred_at=state.first_scan_at
        )
    if shipment.direction != Direction.OUTBOUND:
        return
    if state.status == TrackingStatus.DELIVERED and everything:
        advance_status(
            order, OrderStatus.DELIVERED, actor=actor or "carrier", now=now, occurred_at=occurred_at
        )
    elif state.first_scan_at:
        advance_status(
            order, OrderStatus.SHIPPED, actor=actor or "carrier", now=now, occurred_at=state.first_scan_at
        )


def _still_out(delivered: Iterable[Shipment]) -> set[int]:
    """Of these parcels' orders those that have another parcel which has not arrived. One query at most."""
    orders = {shipment.order_id for shipment in delivered}
    if not orders:
        return set()
    wanted = Q(direction=Direction.OUTBOUND) | Q(direction=Direction.INBOUND, order__kind=OrderKind.PURCHASE)
    parcels = Shipment.objects.filter(wanted, order__in=orders).exclude(stage=Stage.VOID)
    still = parcels.exclude(tracking_status=TrackingStatus.DELIVERED).filter(replacements__isnull=True)
    return set(still.values_list("order_id", flat=True))
