"""Printing from the admin: one click for the usual papers, or a page where one says which, how and in what order."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from orders.models import LabelSize, Merchant, Order, PaperSize, User
from orders.queue import enqueue
from orders.roles import Can
from shipping.documents.runs import PrintError, start_run
from shipping.models import LabelSheet, PrintRun, Shipment
from shipping.models.shipment import FROM_HERE
from shipping.status import Direction, DocumentKind, SortBy, Stage
from shipping.tasks import render_print_run

_REMEMBERED = ("kind", "sort", "paper", "label_size", "copies")
_KINDS = [(kind.value, kind.label) for kind in DocumentKind if kind != DocumentKind.MANIFEST]
_MOST_IDS = 200_000  # characters of numbers in one form


@admin.action(description="Print packing slips", permissions=["scan"])
def print_slips(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.SLIPS)


@admin.action(description="Print labels", permissions=["scan"])
def print_labels(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.LABELS)


@admin.action(description="Print slips and labels", permissions=["scan"])
def print_both(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.BOTH)


@admin.action(description="Print …", permissions=["scan"])
def print_chosen(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    ids = [pk for pk, _ in parcels_of(queryset)]
    if not ids:
        messages.warning(request, "There is no open parcel among these.")
        return None
    return _ask(request, ids, None)


class PrintForm(forms.Form):
    kind = forms.ChoiceField(label="Papers", choices=_KINDS, widget=forms.RadioSelect)
    sort = forms.ChoiceField(label="In which order", choices=SortBy.choices)
    paper = forms.ChoiceField(label="Paper of slips and lists", choices=PaperSize.choices)
    label_size = forms.ChoiceField(label="Label size", choices=LabelSize.choices)
    sheet = forms.ModelChoiceField(
        label="Sheet of stickers",
        queryset=LabelSheet.objects.none(),
        required=False,
        empty_label="None: one label a page",
        help_text="For labels only.",
    )
    sheet_start = forms.IntegerField(
        label="First free sticker", min_value=1, initial=1, help_text="Counted row by row."
    )
    copies = forms.IntegerField(label="Copies of each label", min_value=1, max_value=20, initial=1)

    def __init__(self, *args: Any, sheets: QuerySet | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["sheet"]
        field.queryset = sheets if sheets is not None else LabelSheet.objects.none()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        sheet = said.get("sheet")
        if sheet and said.get("kind") != DocumentKind.LABELS:
            self.add_error("sheet", "A sheet of stickers holds labels only; choose labels, or no sheet.")
        places = sheet.rows * sheet.columns if sheet else 1
        if sheet and said.get("sheet_start", 1) > places:
            self.add_error("sheet_start", f"This sheet has {places} stickers.")
        return said


def print_page(request: HttpRequest) -> HttpResponse:
    """What to print of the parcels in `?parcels=` or of the orders in `?orders=`, and, posted, the run."""
    user: Any = request.user
    if request.method == "POST":
        chosen = _rows(Shipment.objects.visible_to(user), request.POST.get("parcels", ""))
    elif "orders" in request.GET:
        chosen = _rows(Order.objects.visible_to(user), request.GET["orders"])
    else:
        chosen = _rows(Shipment.objects.visible_to(user), request.GET.get("parcels", ""))
    parcels = parcels_of(chosen)
    if not parcels:
        messages.warning(request, "There is no open parcel of yours to print here.")
        return HttpResponseRedirect(reverse("admin:shipping_shipment_changelist"))
    if request.method != "POST":
        return _ask(request, [pk for pk, _ in parcels], None)
    order = {pk: place for place, pk in enumerate(_numbers(request.POST.get("parcels", "")))}
    parcels.sort(key=lambda parcel: order[parcel[0]])
    form = PrintForm(request.POST, sheets=_sheets(user, parcels))
    if not form.is_valid():
        return _ask(request, [pk for pk, _ in parcels], form)
    said = form.cleaned_data
    request.session["print"] = {name: said[name] for name in _REMEMBERED}
    try:
        runs = _runs(user, parcels, said)
    except PrintError as error:
        form.add_error(None, str(error))
        return _ask(request, [pk for pk, _ in parcels], form)
    if not runs:
        raise PermissionDenied
    return _on_to(runs)


def _ask(request: HttpRequest, ids: list[int], form: PrintForm | None) -> HttpResponse:
    user: Any = request.user
    found = Shipment.objects.visible_to(user).filter(pk__in=ids)
    parcels = list(found.values_list("pk", "merchant_id"))
    merchants = Merchant.objects.visible_to(user).filter(pk__in={merchant for _, merchant in parcels})
    if not any(user.may(Can.SCAN, merchant) for merchant in merchants):
        raise PermissionDenied
    first = merchants[0]
    initial = {"kind": DocumentKind.BOTH, "sort": SortBy.CHOSEN, "paper": first.paper, "label_size": first.label_size}  # fmt: skip
    form = form or PrintForm(
        initial=initial | request.session.get("print", {}), sheets=_sheets(user, parcels)
    )
    context = admin.site.each_context(request) | {
        "title": f"Print {len(ids):,} parcel{'' if len(ids) == 1 else 's'}",
        "form": form,
        "parcels": ",".join(map(str, ids)),
        "count": len(ids),
        "before": found.filter(printed_at__isnull=False).count(),
        "opts": PrintRun._meta,
    }
    return TemplateResponse(request, "shipping/admin/print.html", context)


def _rows(visible: QuerySet, text: str) -> QuerySet:
    return visible.filter(pk__in=_numbers(text))


def _numbers(text: str) -> list[int]:
    pieces = text[:_MOST_IDS].split(",")
    return [int(piece) for piece in pieces if piece.isascii() and piece.isdecimal() and len(piece) < 19]


def _sheets(user: User, parcels: Iterable[tuple[int, int]]) -> QuerySet:
    """The merchant's sheets, when the parcels are of one merchant only."""
    merchants = {merchant for _, merchant in parcels}
    sheets = LabelSheet.objects.visible_to(user).filter(merchant__in=merchants)
    return sheets.order_by("name") if len(merchants) == 1 else sheets.none()


def _print(request: HttpRequest, chosen: QuerySet, kind: str) -> HttpResponse | None:
    """One run for each merchant among the chosen parcels (or the chosen orders' open parcels)."""
    user: Any = request.user
    try:
        runs = _runs(user, parcels_of(chosen), {"kind": kind})
    except PrintError as error:
        messages.error(request, str(error))
        return None
    if not runs:
        messages.warning(request, "There is no open parcel of yours to print among these.")
        return None
    return _on_to(runs)


def _runs(user: User, parcels: list[tuple[int, int]], options: dict[str, Any]) -> list[PrintRun]:
    by_merchant: dict[int, list[int]] = defaultdict(list)
    for pk, merchant_id in parcels:
        by_merchant[merchant_id].append(pk)
    merchants = [
        m for m in Merchant.objects.visible_to(user).filter(pk__in=by_merchant) if user.may(Can.SCAN, m)
    ]
    return [
        begin(start_run(merchant=m, user=user, shipment_ids=by_merchant[m.pk], now=timezone.now(), **options))
        for m in merchants
    ]


def begin(run: PrintRun) -> PrintRun:
    enqueue(render_print_run, run.pk)
    return run


def _on_to(runs: list[PrintRun]) -> HttpResponse:
    return HttpResponseRedirect(
        page_of(runs[0]) if len(runs) == 1 else reverse("admin:shipping_printrun_changelist")
    )


def page_of(run: PrintRun) -> str:
    return reverse("admin:shipping_printrun_change", args=[run.pk])


def parcels_of(chosen: QuerySet) -> list[tuple[int, int]]:
    if chosen.model is Shipment:
        ours = chosen.exclude(direction=Direction.INBOUND).filter(
            supplier__isnull=True
        )  # suppliers print their own
        return list(ours.values_list("pk", "merchant_id"))
    orders: list[int] = list(chosen.values_list("pk", flat=True))
    open_parcels: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Shipment.objects.filter(
        FROM_HERE,
        order__in=Order.objects.filter(pk__in=orders),
        stage__in=[Stage.OPEN, Stage.PACKED],
    )
    for order_id, pk, merchant_id in rows.order_by("position").values_list("order_id", "pk", "merchant_id"):
        open_parcels[order_id].append((pk, merchant_id))
    return [parcel for order_id in orders for parcel in open_parcels[order_id]]
