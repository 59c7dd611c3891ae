"""A parcel's words with what each did, for people's pages and for programs."""

from dataclasses import dataclass
from typing import Any

from shipping.models import Shipment, TrackingEvent
from shipping.status import TrackingStatus
from shipping.tracking.explain import RULES, Step, explain
from shipping.tracking.reduce import Event

MOST = 500  # words of one parcel, the newest; nobody reads further


@dataclass
class Row:
    event: TrackingEvent
    step: Step
    before: str
    after: str
    sentence: str


def rows_of(parcel: Shipment) -> list[Row]:
    """In the order in which things happened, worked out of all that was said: the word that decides is always among them. Two
    queries."""
    told = parcel.events.order_by().values_list("status", "occurred_at", "fingerprint")
    steps = explain(Event(*row) for row in told)
    steps = [one for one in steps[:-MOST] if one.decides] + steps[-MOST:]
    events = {
        event.fingerprint: event for event in parcel.events.filter(fingerprint__in=[one.key for one in steps])
    }
    return [
        Row(
            events[one.key],
            one,
            str(TrackingStatus(one.before).label),
            str(TrackingStatus(one.after).label),
            RULES[one.rule],
        )
        for one in steps
    ]


def explanation(parcel: Shipment) -> dict[str, Any]:
    """The same for programs."""
    rows = rows_of(parcel)
    return {
        "parcel": parcel.code,
        "status": parcel.tracking_status,
        "decided_by": next((_told(row) for row in rows if row.step.decides), None),
        "steps": [_told(row) for row in rows],
    }


def _told(row: Row) -> dict[str, Any]:
    event = row.event
    return {
        "occurred_at": event.occurred_at.isoformat(), "received_at": event.received_at.isoformat(),
        "zone": event.zone, "zone_assumed": event.zone_assumed, "source": event.source, "carrier": event.carrier,
        "code": event.code, "message": event.message, "mapping_version": event.mapping_version,
        "said": event.status, "before": row.step.before, "after": row.step.after, "rule": row.step.rule,
        "changed": row.step.changed, "because": row.sentence,
    }  # fmt: skip
