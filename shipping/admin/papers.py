"""Was it printed? What the lists and pages of orders and parcels say of their papers."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orders.admin.show import link_to, local, pill
from orders.models import Merchant, Order
from shipping.models import PrintRun, Shipment
from shipping.models.shipment import FROM_HERE
from shipping.status import Stage

_OUTGOING = Shipment.objects.filter(FROM_HERE).exclude(stage=Stage.VOID)
PARCELS = Prefetch("shipments", _OUTGOING.only("order_id", "printed_at"), to_attr="outgoing")


class PrintedOrderFilter(admin.SimpleListFilter):
    """By whether each parcel of the order has been printed."""

    title, parameter_name = "printed", "printed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Printed"), ("part", "Partly"), ("no", "Not printed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        parcels = _OUTGOING.filter(order=OuterRef("pk"))
        some = Exists(parcels.filter(printed_at__isnull=False))
        missing = Exists(parcels.filter(printed_at__isnull=True))
        match self.value():
            case "yes":
                return queryset.filter(some, ~missing)
            case "part":
                return queryset.filter(some, missing)
            case "no":
                return queryset.filter(missing, ~some)
        return queryset


@admin.display(description="printed")
def printed(order: Any) -> SafeString | str:
    """Column of the orders' list; needs `PARCELS` fetched with the page."""
    times = [parcel.printed_at for parcel in order.outgoing]
    made = [at for at in times if at]
    if not made:
        return "–"
    if len(made) < len(times):
        return pill("wait", f"{len(made)} of {len(times)}")
    when = local(max(made), order.merchant.tz)
    return format_html('<span class="pill pill-done" title="{}">Printed</span>', when)


@admin.display(description="print runs")
def runs(order: Order) -> SafeString | str:
    return runs_of(order.merchant, items__shipment__order=order)


def runs_of(merchant: Merchant, **of: Any) -> SafeString | str:
    """Links to the last five runs that have these parcels in them."""
    found = PrintRun.objects.for_merchant(merchant).filter(**of).distinct().order_by("-pk")[:5]
    rows = [
        (link_to(run), pill(run.state, run.get_state_display()), local(run.created_at, merchant.tz))
        for run in found
    ]
    return format_html_join("", '<span class="row">{} {} {}</span>', rows) or "–"
