"""The parcels of a purchase: where each is, and a form for those that the supplier has sent."""

from datetime import datetime, time
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
from orders.roles import Can
from shipping.carriers.detect import detect
from shipping.models import Shipment
from shipping.status import Direction
from shipping.warehouse.coming import NotComing, sent


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
    view = site.admin_site.admin_view(partial(coming_view, site))
    return [path("coming/<int:purchase_id>/", view, name="orders_purchase_coming")]


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
    now, day = timezone.now(), said["sent_on"]
    today = day is None or day == now.astimezone(zone).date()
    at = now if today else datetime.combine(day, time(12), tzinfo=zone)
    carrier = said["carrier"].strip()
    if not carrier:
        fits = {one.carrier for one in detect(said["number"]) if one.confidence == "certain"}
        carrier = fits.pop() if len(fits) == 1 else ""
    parcel, new = sent(
        order_id, carrier=carrier, number=said["number"], at=at, actor=request.user.get_username(), now=now
    )
    if not new:
        return f"{parcel.tracking_number} is known already."
    return f"{parcel.carrier or 'No carrier named'}: {parcel.tracking_number} is followed from now on."
