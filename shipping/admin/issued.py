"""The page where a carrier's own label is added to a parcel, replaced, fetched and taken away."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from orders.admin.base import WalledAdmin
from orders.roles import Can
from shipping.documents.issued import MOST_BYTES, LabelError, attach, detach
from shipping.models import CarrierLabel, Shipment
from shipping.status import Stage


class LabelForm(forms.Form):
    file = forms.FileField(
        label="The carrier’s file",
        help_text="PDF, PNG or ZPL, 5 MB at most.",
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,.png,.zpl,.txt,application/pdf,image/png"}),
        error_messages={"required": "Choose the carrier’s file first."},
    )

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        data: bytes = file.read(MOST_BYTES + 1)
        return data


def urls(site: WalledAdmin) -> list[URLPattern]:
    def own(step: str, name: str, view: Any) -> URLPattern:
        wrapped = site.admin_site.admin_view(partial(view, site))
        return path(f"<int:shipment_id>/label/{step}", wrapped, name=f"shipping_shipment_label{name}")

    return [
        own("", "", label_view),
        own("file/", "_file", file_view),
        own("remove/", "_remove", remove_view),
    ]


def told(shipment: Shipment) -> SafeString | str:
    """What the parcel's page says of it."""
    label = CarrierLabel.objects.filter(shipment=shipment).first()
    url = reverse("admin:shipping_shipment_label", args=[shipment.pk])
    words = f"{label.get_kind_display()}, prints in the place of ours" if label else "None: ours prints"
    return format_html('{} <a class="own-label" href="{}">{}</a>', words, url, "Change" if label else "Add")


def label_view(site: WalledAdmin, request: HttpRequest, shipment_id: int) -> HttpResponse:
    parcel = _parcel(site, request, shipment_id, acting=request.method == "POST")
    closed = parcel.stage in (Stage.HANDED_OVER, Stage.VOID)
    form = LabelForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and closed:
        form.add_error(
            None, f"This parcel is {parcel.get_stage_display().lower()}; no label is printed for it any more."
        )
    elif request.method == "POST" and form.is_valid():
        user: Any = request.user
        try:
            label = attach(parcel, form.cleaned_data["file"], user=user, now=timezone.now())
        except LabelError as error:
            form.add_error("file", str(error))
        except OSError:
            form.add_error(
                None, "The file could not be stored; is there room on the disk? Nothing has changed."
            )
        else:
            messages.success(
                request, f"The carrier’s {label.get_kind_display()} prints for {parcel.code} from now on."
            )
            return HttpResponseRedirect(reverse("admin:shipping_shipment_label", args=[parcel.pk]))
    may = request.user.may(Can.SCAN, parcel.merchant)  # type: ignore[union-attr]
    context = admin.site.each_context(request) | {
        "title": f"Carrier’s label of {parcel.code}",
        "opts": Shipment._meta,
        "parcel": parcel,
        "zone": parcel.merchant.tz,
        "label": CarrierLabel.objects.filter(shipment=parcel).select_related("added_by").first(),
        "form": form,
        "closed": closed,
        "may_change": may and not closed,
        "may_print": may and parcel.stage != Stage.VOID,
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "shipping/admin/carrier_label.html", context, status=status)


def file_view(site: WalledAdmin, request: HttpRequest, shipment_id: int) -> FileResponse:
    parcel = _parcel(site, request, shipment_id)
    label = CarrierLabel.objects.filter(shipment=parcel).first()
    try:
        file = label.file.open("rb") if label else None
    except OSError:
        file = None
    if label is None or file is None:
        raise Http404
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(
        file, as_attachment=True, filename=f"{parcel.code}.{label.kind}", content_type="application/octet-stream",
        headers=headers,
    )  # fmt: skip


@require_POST
def _remove(request: HttpRequest, parcel: Shipment) -> HttpResponse:
    if detach(parcel):
        messages.success(request, f"The carrier’s label is gone; ours prints for {parcel.code} again.")
    else:
        messages.warning(request, "It had been removed already.")
    return HttpResponseRedirect(reverse("admin:shipping_shipment_label", args=[parcel.pk]))


def remove_view(site: WalledAdmin, request: HttpRequest, shipment_id: int) -> HttpResponse:
    return _remove(request, _parcel(site, request, shipment_id, acting=True))


def _parcel(site: WalledAdmin, request: HttpRequest, shipment_id: int, *, acting: bool = False) -> Any:
    """The parcel, if this person may see it; else it does not exist. `acting` asks for the right to scan too."""
    parcel = site.get_queryset(request).select_related("merchant", "order").filter(pk=shipment_id).first()
    if parcel is None or not site.has_view_permission(request, parcel):
        raise Http404
    if acting and not request.user.may(Can.SCAN, parcel.merchant):  # type: ignore[union-attr]
        raise PermissionDenied
    return parcel
