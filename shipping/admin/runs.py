"""A print run's page: how far it is, its PDF, what could not be printed, and printing it once more."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import local, pill
from orders.models.base import Walled
from orders.roles import Can
from shipping.admin.due import StuckFilter
from shipping.admin.printing import begin, page_of, print_page
from shipping.documents import runs
from shipping.documents.press import BINDING
from shipping.documents.runs import NothingToPrint, PrintError
from shipping.models import PrintItem, PrintPart, PrintRun, Shipment
from shipping.status import Stage

FINISHED = (PrintRun.State.DONE, PrintRun.State.FAILED, PrintRun.State.CANCELLED)


@admin.register(PrintRun)
class PrintRunAdmin(WalledAdmin):
    change_right = add_right = delete_right = None
    list_display = [
        "title",
        "state_pill",
        "progress",
        "pages",
        "started_by",
        "created",
        "again",
        "merchant",
    ]
    list_filter = ["kind", "state", StuckFilter, "created_at", MerchantFilter]
    list_select_related = ["merchant", "started_by"]
    search_fields = ["id"]
    search_help_text = "Number of a run, order number or parcel code"
    ordering = ["-pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        handled = Count("items", filter=~Q(items__state=PrintItem.State.WAITING))
        return super().get_queryset(request).annotate(handled=handled)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        term = search_term.strip().lstrip("#")
        if not term:
            return queryset, False
        parcels = Shipment.objects.visible_to(request.user)
        named = parcels.filter(Q(code=term.upper()) | Q(order__number=term)).values_list("pk", flat=True)[:50]
        found = Q(pk__in=PrintItem.objects.filter(shipment__in=list(named)).values("run_id"))
        if term.isascii() and term.isdecimal() and len(term) < 19:
            found |= Q(pk=int(term))
        return queryset.filter(found), False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view

        def own(step: str, view: Any) -> URLPattern:
            return path(f"<int:run_id>/{step}/", wrap(view), name=f"shipping_printrun_{step}")

        return [
            path("new/", wrap(print_page), name="shipping_print"),
            own("pdf", self.pdf_view),
            own("zpl", self.zpl_view),
            own("progress", self.progress_view),
            own("cancel", require_POST(self.cancel_view)),
            own("resume", require_POST(self.resume_view)),
            own("reprint", self.reprint_view),
            *super().get_urls(),
        ]

    @admin.display(description="run", ordering="pk")
    def title(self, run: PrintRun) -> str:
        return str(run)

    @admin.display(description="state", ordering="state")
    def state_pill(self, run: PrintRun) -> SafeString:
        return pill(run.state, run.get_state_display())

    @admin.display(description="parcels")
    def progress(self, run: Any) -> str:
        return f"{run.handled} / {run.total}"

    @admin.display(description="started", ordering="created_at")
    def created(self, run: PrintRun) -> str:
        return local(run.created_at, run.merchant.tz)

    @admin.display(description="once more of")
    def again(self, run: PrintRun) -> str:
        return f"#{run.reprint_of_id}" if run.reprint_of_id else "–"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        key = unquote(object_id)
        run = self._run(request, int(key) if key.isdecimal() else 0)
        user: Any = request.user
        items = run.items.select_related("shipment__order").order_by("position")
        only_failed = request.GET.get("show") == "failed"
        shown = items.filter(state=PrintItem.State.FAILED) if only_failed else items
        context = self.admin_site.each_context(request) | {
            "title": str(run),
            "opts": self.opts,
            "original": run,
            "run": run,
            "zone": run.merchant.tz,
            "running": run.state not in FINISHED,
            "cancelled": run.state == PrintRun.State.CANCELLED,
            "failed_count": items.filter(state=PrintItem.State.FAILED).count(),
            "only_failed": only_failed,
            "items": Paginator(shown, 50).get_page(request.GET.get("page")),
            "speed": speed_of(run, run.finished_at or timezone.now()),
            "seconds": _seconds(run),
            "reprints": run.printrun_set.select_related("started_by").order_by("-pk")[:10],
            "may_print": user.may(Can.SCAN, run.merchant),
            "keep_note": run.sha256 and not run.file,
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
                "error": run.error,
                **speed_of(run, timezone.now()),
            },
            headers={"Cache-Control": "no-store"},
        )

    def pdf_view(self, request: HttpRequest, run_id: int) -> FileResponse:
        run = self._run(request, run_id)
        return _file(run.file, "application/pdf")

    def zpl_view(self, request: HttpRequest, run_id: int) -> FileResponse:
        run = self._run(request, run_id)
        return _file(run.zpl, "application/octet-stream", as_attachment=True)

    def cancel_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._acting(request, run_id)
        if runs.cancel(run, now=timezone.now()):
            self.message_user(
                request, "The run is called off. What is rendered is kept: go on with it any time."
            )
        else:
            self.message_user(request, "The run had ended already.", messages.WARNING)
        return HttpResponseRedirect(page_of(run))

    def resume_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._acting(request, run_id)
        if runs.resume(run):
            begin(run)
        else:
            self.message_user(request, "Only a run that was called off can go on.", messages.WARNING)
        return HttpResponseRedirect(page_of(run))

    def reprint_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """Asks first, naming earlier prints; posted, prints: all parcels as they are now, those that failed
        (`what=failed`), or these very pages (`what=pages`)."""
        run = self._acting(request, run_id)
        asked = request.POST if request.method == "POST" else request.GET
        what = asked.get("what", "all")
        try:
            pages = runs.read_pages(asked.get("pages", ""), run.pages) if what == "pages" else []
            if request.method != "POST":
                return self._confirm(request, run, what, pages, asked.get("pages", ""))
            if what == "pages":
                again = runs.print_pages(run, pages, user=request.user)  # type: ignore[arg-type]
            else:
                again = runs.print_again(
                    run,
                    user=request.user,  # type: ignore[arg-type]
                    now=timezone.now(),
                    only_failed=what == "failed",
                )
                begin(again)
        except (NothingToPrint, PrintError) as reason:
            messages.warning(request, str(reason))
            return HttpResponseRedirect(page_of(run))
        return HttpResponseRedirect(page_of(again))

    def _confirm(
        self, request: HttpRequest, run: PrintRun, what: str, pages: list[int], text: str
    ) -> HttpResponse:
        items = run.items.all()
        if what == "pages":
            items = items.filter(pk__in=[item.pk for item in runs.parcels_on(run, pages)])
        elif what == "failed":
            items = items.filter(state=PrintItem.State.FAILED)
        parcels = Shipment.objects.filter(pk__in=items.values("shipment_id"))
        context = self.admin_site.each_context(request) | {
            "title": f"Print {run} again",
            "opts": self.opts,
            "run": run,
            "zone": run.merchant.tz,
            "what": what,
            "pages": text,
            "page_count": len(pages),
            "count": parcels.count(),
            "facts": parcels.aggregate(
                gone=Count("pk", filter=Q(stage=Stage.HANDED_OVER)),
                packed=Count("pk", filter=Q(stage=Stage.PACKED)),
                void=Count("pk", filter=Q(stage=Stage.VOID)),
                last=Max("printed_at"),
            ),
            "prints": _earlier(run, parcels),
        }
        return TemplateResponse(request, "shipping/admin/print_again.html", context)

    def _run(self, request: HttpRequest, run_id: int) -> Any:
        """The run, if this person may see it; else it does not exist."""
        run = (
            self.get_queryset(request)
            .select_related("merchant", "started_by", "reprint_of", "sheet", "wave", "manifest")
            .filter(pk=run_id)
            .first()
        )
        if run is None or not self.has_view_permission(request, run):
            raise Http404
        return run

    def _acting(self, request: HttpRequest, run_id: int) -> Any:
        run, user = self._run(request, run_id), request.user
        if not user.may(Can.SCAN, run.merchant):  # type: ignore[union-attr]
            raise PermissionDenied
        return run


def speed_of(run: Any, now: datetime) -> dict[str, Any]:
    """Pages per second since the run began or was taken up again, and the seconds it will still take; None
    before the first part is done. Measured from parts done while it runs, over all pages once it is bound."""
    if run.started_at is None:
        return {"pages_per_second": None, "seconds_left": None, "pages": run.pages}
    seconds = max((now - run.started_at).total_seconds(), 0.001)
    if run.state == PrintRun.State.DONE:
        return {"pages_per_second": round(run.pages / seconds, 1), "seconds_left": 0, "pages": run.pages}
    parts = PrintPart.objects.filter(run=run, number__gt=BINDING)
    done = Q(state=PrintPart.State.DONE)
    sums = parts.aggregate(
        all=Count("pk"),
        done=Count("pk", filter=done),
        now=Count("pk", filter=done & Q(claimed_at__gte=run.started_at)),
        made=Sum("pages", default=0),
        fresh=Sum("pages", filter=done & Q(claimed_at__gte=run.started_at), default=0),
    )
    if not sums["now"]:
        return {"pages_per_second": None, "seconds_left": None, "pages": sums["made"]}
    return {
        "pages_per_second": round(sums["fresh"] / seconds, 1),
        "seconds_left": round(seconds / sums["now"] * (sums["all"] - sums["done"])),
        "pages": sums["made"],
    }


def _seconds(run: PrintRun) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return round((run.finished_at - run.started_at).total_seconds(), 1)


def _earlier(run: PrintRun, parcels: Walled) -> QuerySet:
    """The runs of the merchant that printed these parcels' same papers, newest first."""
    return (
        PrintRun.objects.for_merchant(run.merchant)
        .filter(kind=run.kind, items__shipment__in=parcels, items__state=PrintItem.State.DONE)
        .annotate(theirs=Count("items"))
        .select_related("started_by")
        .order_by("-pk")[:5]
    )


def _file(field: Any, kind: str, as_attachment: bool = False) -> FileResponse:
    try:
        file = field.open("rb")
    except (ValueError, OSError) as error:  # none yet, or the file has been cleared away
        raise Http404 from error
    name = field.name.rsplit("/", 1)[-1]
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(file, content_type=kind, filename=name, headers=headers, as_attachment=as_attachment)
