"""Printing from the admin: actions that start a run, and the run's page with its progress and its PDF."""

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from orders.admin.base import WalledAdmin
from orders.models import Merchant, Order, User
from orders.queue import enqueue
from orders.roles import Can
from shipping.documents.runs import NothingToPrint, start_run
from shipping.models import PrintItem, PrintRun, Shipment
from shipping.status import Direction, DocumentKind, Stage
from shipping.tasks import render_print_run

FINISHED = (PrintRun.State.DONE, PrintRun.State.FAILED)


@admin.action(description="Print packing slips", permissions=["scan"])
def print_slips(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.SLIPS)


@admin.action(description="Print labels", permissions=["scan"])
def print_labels(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.LABELS)


@admin.action(description="Print slips and labels", permissions=["scan"])
def print_both(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    return _print(request, queryset, DocumentKind.BOTH)


def _print(request: HttpRequest, chosen: QuerySet, kind: str) -> HttpResponse | None:
    """One run for each merchant among the chosen parcels (or the chosen orders' open parcels)."""
    user: Any = request.user
    by_merchant: dict[int, list[int]] = defaultdict(list)
    for pk, merchant_id in parcels_of(chosen):
        by_merchant[merchant_id].append(pk)
    merchants = [
        m for m in Merchant.objects.visible_to(user).filter(pk__in=by_merchant) if user.may(Can.SCAN, m)
    ]
    runs = [_start(merchant, user, kind, by_merchant[merchant.pk]) for merchant in merchants]
    if not runs:
        messages.warning(request, "There is no open parcel of yours to print among these.")
        return None
    return HttpResponseRedirect(
        _page_of(runs[0]) if len(runs) == 1 else reverse("admin:shipping_printrun_changelist")
    )


def parcels_of(chosen: QuerySet) -> list[tuple[int, int]]:
    if chosen.model is Shipment:
        return list(chosen.values_list("pk", "merchant_id"))
    orders: list[int] = list(chosen.values_list("pk", flat=True))
    open_parcels: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Shipment.objects.filter(
        order__in=Order.objects.filter(pk__in=orders),
        stage__in=[Stage.OPEN, Stage.PACKED],
        direction=Direction.OUTBOUND,
    )
    for order_id, pk, merchant_id in rows.order_by("position").values_list("order_id", "pk", "merchant_id"):
        open_parcels[order_id].append((pk, merchant_id))
    return [parcel for order_id in orders for parcel in open_parcels[order_id]]


def _start(merchant: Merchant, user: User, kind: str, shipment_ids: list[int]) -> PrintRun:
    run = start_run(merchant=merchant, user=user, kind=kind, shipment_ids=shipment_ids, now=timezone.now())
    enqueue(render_print_run, run.pk)
    return run


def _page_of(run: PrintRun) -> str:
    return reverse("admin:shipping_printrun_change", args=[run.pk])


@admin.register(PrintRun)
class PrintRunAdmin(WalledAdmin):
    change_right = add_right = delete_right = None
    list_display = ["title", "merchant", "state", "started_by", "created_at", "progress", "pages"]
    list_filter = ["kind", "state"]
    list_select_related = ["merchant", "started_by"]
    ordering = ["-pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        handled = Count("items", filter=~Q(items__state=PrintItem.State.WAITING))
        return super().get_queryset(request).annotate(handled=handled)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:run_id>/pdf/", wrap(self.pdf_view), name="shipping_printrun_pdf"),
            path("<int:run_id>/progress/", wrap(self.progress_view), name="shipping_printrun_progress"),
            path(
                "<int:run_id>/reprint/",
                wrap(require_POST(self.reprint_view)),
                name="shipping_printrun_reprint",
            ),
        ]
        return own + super().get_urls()

    @admin.display(description="run", ordering="pk")
    def title(self, run: PrintRun) -> str:
        return str(run)

    @admin.display(description="parcels")
    def progress(self, run: Any) -> str:
        return f"{run.handled} / {run.total}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        key = unquote(object_id)
        run = self._run(request, int(key) if key.isdecimal() else 0)
        failed = run.items.filter(state=PrintItem.State.FAILED).select_related("shipment__order")
        user: Any = request.user
        context = self.admin_site.each_context(request) | {
            "title": str(run),
            "opts": self.opts,
            "original": run,
            "run": run,
            "running": run.state not in FINISHED,
            "failed": failed[:200],
            "failed_count": failed.count(),
            "may_print": user.may(Can.SCAN, run.merchant),
        }
        return TemplateResponse(request, "shipping/admin/print_run.html", context | (extra_context or {}))

    def progress_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._run(request, run_id)
        return JsonResponse(
            {
                "state": run.state,
                "label": run.get_state_display(),
                "handled": run.handled,
                "total": run.total,
                "finished": run.state in FINISHED,
            },
            headers={"Cache-Control": "no-store"},
        )

    def pdf_view(self, request: HttpRequest, run_id: int) -> FileResponse:
        run = self._run(request, run_id)
        try:
            file = run.file.open("rb")
        except (ValueError, OSError) as error:  # none yet, or the file has been cleared away
            raise Http404 from error
        name = run.file.name.rsplit("/", 1)[-1]
        headers = {"Cache-Control": "private, no-store"}
        return FileResponse(file, content_type="application/pdf", filename=name, headers=headers)

    def reprint_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The same parcels once more, as they are now; with `only=failed`, those that failed."""
        run = self._run(request, run_id)
        user: Any = request.user
        if not user.may(Can.SCAN, run.merchant):
            raise PermissionDenied
        items = run.items.order_by("position")
        if request.POST.get("only") == "failed":
            items = items.filter(state=PrintItem.State.FAILED)
        try:
            again = _start(run.merchant, user, run.kind, list(items.values_list("shipment_id", flat=True)))
        except NothingToPrint as nothing:
            messages.warning(request, str(nothing))
            return HttpResponseRedirect(_page_of(run))
        return HttpResponseRedirect(_page_of(again))

    def _run(self, request: HttpRequest, run_id: int) -> Any:
        """The run, if this person may see it; else it does not exist."""
        run = self.get_queryset(request).select_related("merchant", "started_by").filter(pk=run_id).first()
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return run
