"""Why a parcel's status is what it is, and what was known when: two views of one story."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from orders.admin.base import WalledAdmin
from orders.models import OrderEvent
from shipping.models import Shipment, TrackingEvent
from shipping.promise.audit import record_of
from shipping.status import TrackingStatus
from shipping.tracking.explain import Heard, frames
from shipping.tracking.legs import legs
from shipping.tracking.reduce import Event
from shipping.tracking.story import Row, explanation, rows_of


def urls(site: WalledAdmin) -> list[URLPattern]:
    view = site.admin_site.admin_view(partial(why_view, site))
    return [path("<int:shipment_id>/why/", view, name="shipping_shipment_why")]


def why_view(site: WalledAdmin, request: HttpRequest, shipment_id: int) -> HttpResponse:
    parcel = (
        site.get_queryset(request).select_related("merchant", "order__ship_to").filter(pk=shipment_id).first()
    )
    if parcel is None or not site.has_view_permission(request, parcel):
        raise Http404
    if request.GET.get("format") == "json":
        return JsonResponse(explanation(parcel))
    rows = rows_of(parcel)
    context = admin.site.each_context(request) | {
        "title": f"Why {parcel.code} says “{parcel.get_tracking_status_display()}”",
        "opts": Shipment._meta,
        "parcel": parcel,
        "zone": parcel.merchant.tz,
        "rows": rows,
        "decider": next((row for row in rows if row.step.decides), None),
        "moments": list(_moments(parcel, rows)),
        "legs": _legs(rows),
        "promises": parcel.promises.order_by("pk"),
        "record": record_of(parcel.merchant_id, parcel.carrier, parcel.order.ship_to.country),
    }
    return TemplateResponse(request, "shipping/admin/why.html", context)


def _legs(rows: list[Row]) -> list[tuple[str, str, datetime, datetime, int]]:
    """What began it, to whom it leads, first and last moment and number of events of each leg."""
    found = []
    before = None
    for leg in legs([row.event for row in rows]):
        told: list[Any] = leg.events
        carrier = leg.carrier or "nobody named"
        if before is None:
            began = carrier
        elif before.kind != leg.kind:
            began = f"Turned back, {carrier}"
        else:
            began = f"Handed over to {carrier}"
        goal = "back to the sender" if leg.kind == "back" else "to the customer"
        found.append((began, goal, told[0].occurred_at, told[-1].occurred_at, len(told)))
        before = leg
    return found


@dataclass
class Moment:
    """What the customer saw from this moment on, and what had been told by then. `anew` is true where nobody said anything new:
    a person said what a code means, and the history was read again."""

    at: datetime
    status: str
    label: str
    new: list[TrackingEvent]
    promise: str
    notices: list[Any]
    anew: bool = False


def _moments(parcel: Shipment, rows: list[Row]) -> Iterator[Moment]:
    """One for each moment at which something came in, was promised or was sent, oldest first."""
    events = {row.step.key: row.event for row in rows}
    heard = [
        Heard(Event(event.status, event.occurred_at, key), event.received_at) for key, event in events.items()
    ]
    known = {frame.at: frame for frame in frames(heard)}
    promises = list(parcel.promises.order_by("pk"))
    sent: Any = parcel.order.notices.filter(subject__in=["order", parcel.subject, f"{parcel.subject}:day"])
    notices = [notice for notice in sent.order_by("sent_at") if notice.sent_at]
    seen = {change.recorded_at: change.new for change in _changes(parcel)}
    moments = sorted({*known, *seen, *(one.made_at for one in promises), *(one.sent_at for one in notices)})
    state, last = TrackingStatus.UNKNOWN, None
    for at in moments:
        frame = known.get(at)
        if seen:  # the ledger wrote down what was shown; words are read otherwise once a person has mapped their code
            state = TrackingStatus(seen.get(at, state))
        elif frame:
            state = TrackingStatus(frame.state.status)
        last = next((one for one in reversed(promises) if one.made_at <= at), last)
        yield Moment(
            at=at,
            status=state,
            label=str(state.label),
            new=[events[key] for key in frame.new] if frame else [],
            promise=str(last) if last else "",
            notices=[one for one in notices if one.sent_at == at],
            anew=at in seen and frame is None,
        )


def _changes(parcel: Shipment) -> Any:
    """Of the parcel's status, as the ledger has them."""
    return parcel.order.events.filter(kind=OrderEvent.Kind.SHIPMENT, subject=parcel.subject).order_by("pk")
