"""The parcels of a purchase: where each is, and a form for those that the supplier has sent."""

from datetime import date, datetime, time
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from orders.admin.base import WalledAdmin
from orders.models import Purchase
from orders.purchasing import CLOSED
from orders.queue import enqueue
from orders.roles import Can
from shipping.carriers.detect import detect
from shipping.models import Shipment
from shipping.status import Direction, Stage
from shipping.tasks import redrive_number
from shipping.warehouse.coming import NotComing, dropped, sent


class SentForm(forms.Form):
    number = forms.CharField(
        label="Tracking number",
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    carrier = forms.CharField(
        label="Carrier", max_length=40, required=False, help_text="Found by the number where it can be."
    )
    sent_on = forms.DateField(
        label="Sent on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Today if empty.",
    )


def urls(site: WalledAdmin) -> list[URLPattern]:
    wrap = site.admin_site.admin_view
    return [
        path("coming/<int:purchase_id>/", wrap(partial(coming_view, site)), name="orders_purchase_coming"),
        path(
            "<int:shipment_id>/supplier/",
            wrap(partial(supplier_view, site)),
            name="shipping_shipment_supplier",
        ),
    ]


def coming_view(site: WalledAdmin, request: HttpRequest, purchase_id: int) -> HttpResponse:
    user: Any = request.user
    purchases = Purchase.objects.visible_to(user).select_related("order__merchant", "supplier")
    purchase = purchases.filter(pk=purchase_id).first()
    if purchase is None or not site.has_view_permission(request):
        raise Http404
    order = purchase.order
    form = SentForm(request.POST or None)
    if request.method == "POST":
        if not user.may(Can.EDIT, order.merchant):
            raise PermissionDenied
        if form.is_valid():
            try:
                told = _sent(request, order.pk, order.merchant.tz, form.cleaned_data)
            except NotComing as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, told)
                return HttpResponseRedirect(request.path)
    parcels = Shipment.objects.filter(order=order, direction=Direction.INBOUND).order_by("position")
    context = site.admin_site.each_context(request) | {
        "title": f"Parcels of {purchase}",
        "opts": Purchase._meta,
        "purchase": purchase,
        "parcels": parcels,
        "form": form,
        "zone": order.merchant.tz,
        "may_add": user.may(Can.EDIT, order.merchant) and order.status not in CLOSED,
    }
    return TemplateResponse(request, "shipping/admin/coming.html", context)


def _sent(request: HttpRequest, order_id: int, zone: Any, said: dict[str, Any]) -> str:
    now = timezone.now()
    parcel, new = sent(
        order_id, carrier=_carrier(said), number=said["number"], at=_moment(said["sent_on"], zone, now),
        actor=request.user.get_username(), now=now,
    )  # fmt: skip
    return _followed(parcel) if new else f"{parcel.tracking_number} is known already."


def _followed(parcel: Shipment) -> str:
    enqueue(redrive_number, parcel.merchant_id, parcel.tracking_number)  # its carrier may have spoken already
    return f"{parcel.carrier or 'No carrier named'}: {parcel.tracking_number} is followed from now on."


def _moment(day: date | None, zone: Any, now: datetime) -> datetime:
    """Noon of another day, or now."""
    today = day is None or day == now.astimezone(zone).date()
    return now if today or day is None else datetime.combine(day, time(12), tzinfo=zone)


def _carrier(said: dict[str, Any]) -> str:
    if typed := said["carrier"].strip():
        return typed
    fits = {one.carrier for one in detect(said["number"]) if one.confidence == "certain"}
    return fits.pop() if len(fits) == 1 else ""


def supplier_view(site: WalledAdmin, request: HttpRequest, shipment_id: int) -> HttpResponse:
    """A parcel that a supplier sends straight to the customer: ask for it, then say that it has left."""
    user: Any = request.user
    parcels = Shipment.objects.visible_to(user).filter(supplier__isnull=False, direction=Direction.OUTBOUND)
    parcel = parcels.select_related("merchant", "supplier", "order__ship_to").filter(pk=shipment_id).first()
    if parcel is None or not site.has_view_permission(request):
        raise Http404
    form = SentForm(request.POST or None)
    if request.method == "POST":
        if not user.may(Can.EDIT, parcel.merchant):
            raise PermissionDenied
        if form.is_valid():
            said, now = form.cleaned_data, timezone.now()
            try:
                new = dropped(
                    parcel.pk, carrier=_carrier(said), number=said["number"], actor=user.get_username(), now=now,
                    at=_moment(said["sent_on"], parcel.merchant.tz, now),
                )  # fmt: skip
            except NotComing as error:
                if parcel.stage != Stage.OPEN:  # the form is not shown any more
                    messages.error(request, str(error))
                    return HttpResponseRedirect(request.path)
                form.add_error(None, str(error))
            else:
                parcel.refresh_from_db()
                messages.success(request, _followed(parcel) if new else "That was told already.")
                return HttpResponseRedirect(request.path)
    context = site.admin_site.each_context(request) | {
        "title": f"{parcel.code}: sent by the supplier",
        "opts": Shipment._meta,
        "parcel": parcel,
        "lines": parcel.lines.select_related("order_line"),
        "form": form,
        "zone": parcel.merchant.tz,
        "may_edit": user.may(Can.EDIT, parcel.merchant),
        "to_send": parcel.stage == Stage.OPEN,
    }
    return TemplateResponse(request, "shipping/admin/supplier.html", context)
