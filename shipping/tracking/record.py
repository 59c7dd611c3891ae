"""The one way a tracking event comes in, whoever tells it: carrier, warehouse, staff, file or simulator.

readings -> match to a parcel --none--> quarantine, nothing else changes
                 |
            lock the order, insert events not stored yet, reduce all of the parcel's events
                 |
            unchanged: stop        changed: save parcel, promise row, ledger, order status
                                   (notices are written by the ledger's listener, same transaction)
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from orders.ledger import record_event
from orders.lifecycle import advance_status, lock_order
from orders.models import Merchant, Order, OrderEvent
from orders.status import OrderStatus
from shipping.carriers.base import Reading, normal_number
from shipping.models import Promise, Shipment, TrackingEvent
from shipping.promise.estimate import Estimate
from shipping.promise.keep import promise
from shipping.status import Direction, Stage, TrackingStatus
from shipping.tracking import codes, quarantine
from shipping.tracking.match import match
from shipping.tracking.reduce import Event, State, reduce


@dataclass
class Recorded:
    """What came of the readings: new events, repeats, readings put in quarantine, parcels whose status moved."""

    added: int = 0
    repeated: int = 0
    quarantined: int = 0
    moved: int = 0


def record(readings: Iterable[Reading], *, merchant: Merchant, now: datetime, actor: str = "") -> Recorded:
    """Take readings in. Idempotent; atomic for each parcel. `now` is when we learned of them."""
    done = Recorded()
    by_parcel: dict[tuple[int, int], list[Reading]] = defaultdict(list)
    for reading, shipment in match(codes.translated(list(readings), merchant), merchant):
        if shipment is None:
            done.quarantined += quarantine.keep(reading, merchant=merchant, now=now)
        else:
            by_parcel[shipment.order_id, shipment.pk].append(reading)
    for (order_id, shipment_id), said in by_parcel.items():
        _record_parcel(order_id, shipment_id, said, now=now, actor=actor, done=done)
    return done


@transaction.atomic
def _record_parcel(
    order_id: int, shipment_id: int, said: list[Reading], *, now: datetime, actor: str, done: Recorded
) -> None:
    order = lock_order(order_id)
    shipment = Shipment.objects.get(pk=shipment_id)
    known = list(shipment.events.values_list("status", "occurred_at", "fingerprint"))
    stored = {fingerprint for _, _, fingerprint in known}
    fresh = {reading.fingerprint: reading for reading in said if reading.fingerprint not in stored}
    done.added += len(fresh)
    done.repeated += len(said) - len(fresh)
    if not fresh:
        return
    TrackingEvent.objects.bulk_create(_row(shipment, reading, now) for reading in fresh.values())
    codes.note_unknown(shipment, fresh.values(), now=now)
    events = [Event(*row) for row in known] + [
        Event(r.status, r.occurred_at, key) for key, r in fresh.items()
    ]
    before, state = shipment.tracking_status, reduce(events)
    _save(shipment, state, fresh.values())
    _promise(shipment, fresh.values(), order=order, now=now)
    if state.status != before:
        done.moved += 1
        _announce(order, shipment, before, state, now=now, actor=actor)


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
        zone=reading.zone,
        zone_assumed=reading.zone_assumed,
        received_at=now,
        mapping_version=reading.mapping_version,
        payload=dict(reading.payload),
    )


def _save(shipment: Shipment, state: State, fresh: Iterable[Reading]) -> None:
    shipment.tracking_status = state.status
    shipment.status_at = state.status_at
    shipment.first_scan_at = state.first_scan_at
    shipment.last_event_at = state.last_event_at
    shipment.delivered_at = state.delivered_at
    fields = ["tracking_status", "status_at", "first_scan_at", "last_event_at", "delivered_at"]
    for reading in fresh:
        if not shipment.tracking_number and reading.tracking_number:
            shipment.tracking_number = normal_number(reading.tracking_number)
            shipment.carrier = reading.carrier
            fields += ["tracking_number", "carrier"]
    shipment.save(update_fields=fields)


def _promise(shipment: Shipment, fresh: Iterable[Reading], *, order: Order, now: datetime) -> None:
    """A carrier's new date becomes the promise in force; the old one stays in the history."""
    dated = [reading for reading in fresh if reading.eta]
    if not dated or shipment.delivered_at:
        return
    latest = max(dated, key=lambda reading: (reading.occurred_at, reading.fingerprint))
    day: date = latest.eta  # type: ignore[assignment]
    said = Estimate(day, day, Promise.Source.CARRIER, f"{latest.carrier or 'the carrier'} said so")
    promise(shipment, said, order=order, now=now, occurred_at=latest.occurred_at)


def _announce(
    order: Order, shipment: Shipment, before: str, state: State, *, now: datetime, actor: str
) -> None:
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
    if shipment.direction != Direction.OUTBOUND:
        return
    if state.status == TrackingStatus.DELIVERED and _all_delivered(order):
        advance_status(
            order, OrderStatus.DELIVERED, actor=actor or "carrier", now=now, occurred_at=occurred_at
        )
    elif state.first_scan_at:
        advance_status(
            order, OrderStatus.SHIPPED, actor=actor or "carrier", now=now, occurred_at=state.first_scan_at
        )


def _all_delivered(order: Order) -> bool:
    parcels = Shipment.objects.filter(order=order, direction=Direction.OUTBOUND).exclude(stage=Stage.VOID)
    return not parcels.exclude(tracking_status=TrackingStatus.DELIVERED).exists()
