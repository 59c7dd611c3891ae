"""Why was this told, and why was that not: each fact of an order, and what came of it by each channel."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from notifications import outbox
from notifications.decide import Fact, milestones, why_not
from notifications.models import Notice
from notifications.status import Channel, Milestone
from notifications.wishes import preferences_of, settings_of
from orders.admin.base import WalledAdmin
from orders.models import Order, OrderEvent
from shipping.models import Shipment


def urls(site: WalledAdmin) -> list[URLPattern]:
    view = site.admin_site.admin_view(partial(why_view, site))
    return [path("why/", view, name="notifications_notice_why")]


@dataclass
class Row:
    """What one fact was by one channel: a notice, or the reason why there is none."""

    fact: OrderEvent
    milestone: Milestone
    of: str
    channel: Channel
    notice: Notice | None
    reason: str


def why_view(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("order", "")
    orders = Order.objects.visible_to(request.user).select_related("merchant", "ship_to")
    order = orders.filter(pk=int(wanted)).first() if wanted.isascii() and wanted.isdigit() else None
    if order is None or not site.has_view_permission(request):
        raise Http404
    context = admin.site.each_context(request) | {
        "title": f"What {order.number} was told, and why",
        "opts": Notice._meta,
        "order": order,
        "rows": rows_of(order),
        "zone": order.merchant.tz,
    }
    return TemplateResponse(request, "notifications/admin/why.html", context)


def rows_of(order: Order) -> list[Row]:
    """The newest fact first. Notices that a fact did not make because an earlier one had are said of the fact that made them."""
    notices = Notice.objects.filter(order=order).prefetch_related("attempts")
    there = {(one.subject, one.milestone, one.channel): one for one in notices}
    by_event: dict[tuple[int | None, str, str], Notice] = {
        (one.event_id, one.milestone, one.channel): one for one in there.values()
    }
    codes = {
        f"shipment:{pk}": code for pk, code in Shipment.objects.filter(order=order).values_list("pk", "code")
    }
    shop = settings_of(order.merchant)
    preferences: dict[str, Any] = defaultdict(lambda: preferences_of(order, shop))
    found = []
    for event in order.events.order_by("-recorded_at", "-pk"):
        event.order = order
        fact = outbox.fact_of(event)
        for milestone in milestones(fact):
            for channel in Channel:
                notice = by_event.get((event.pk, milestone, channel))
                reason = "" if notice else _reason(fact, milestone, channel, there, preferences["today"])
                found.append(Row(event, milestone, codes.get(event.subject, ""), channel, notice, reason))
    return found


def _reason(fact: Fact, milestone: Milestone, channel: Channel, there: dict[Any, Notice], today: Any) -> str:
    if said := why_not(fact, milestone, channel, today):
        return said
    own = there.get((fact.subject or outbox.ORDER, milestone, channel))
    if own:
        return "It was told before: one message of each kind and parcel."
    if any(key[1:] == (milestone, channel) for key in there):
        return "It was told of the order or of its parcels already."
    return (
        "It was not wanted or not switched on when it happened, or the parcel comes back from the customer."
    )
