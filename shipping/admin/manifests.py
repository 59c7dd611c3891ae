"""Manifests in the office: who took what, what the carrier has accepted of it, and the manager's corrections."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from orders.admin.base import MerchantFilter, WalledAdmin, choices_for
from orders.admin.show import pill
from orders.models import Merchant
from orders.roles import Can
from shipping.desk import print_manifest, sign
from shipping.documents.contexts import weight_text
from shipping.documents.runs import NothingToPrint
from shipping.models import Manifest, Shipment
from shipping.status import Stage
from shipping.warehouse.handover import tallied
from shipping.warehouse.manifests import Refused, open_manifest, reopen_manifest, take_off

PARCELS_A_PAGE = 100


class CarrierFilter(admin.SimpleListFilter):
    """The carriers of one's own manifests."""

    title, parameter_name = "carrier", "carrier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        mine = Manifest.objects.visible_to(request.user).order_by("carrier")
        return [(name, name) for name in mine.values_list("carrier", flat=True).distinct()[:40]]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(carrier=self.value()) if self.value() else queryset


class GapFilter(admin.SimpleListFilter):
    """What was scanned out against what the carrier has scanned."""

    title, parameter_name = "accepted by the carrier", "accepted"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not all yet"), ("yes", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("yes", "no"):
            return queryset
        missing = Shipment.objects.filter(
            manifest=OuterRef("pk"), stage=Stage.HANDED_OVER, first_scan_at__isnull=True
        )
        closed = queryset.filter(state=Manifest.State.CLOSED)
        return closed.filter(Exists(missing)) if self.value() == "no" else closed.exclude(Exists(missing))


class OpeningForm(forms.ModelForm):
    class Meta:
        model = Manifest
        fields = ["merchant", "carrier", "dock", "driver", "vehicle"]
        help_texts = {"driver": "May be left empty until the driver signs."}


@admin.register(Manifest)
class ManifestAdmin(WalledAdmin):
    change_right, add_right = None, Can.SCAN
    list_display = ["name", "state_pill", "carrier", "count", "accepted_of", "driver_shown", "dock_shown", "opened", "closed", "weight",
                    "merchant"]  # fmt: skip
    list_filter = ["state", GapFilter, CarrierFilter, "opened_at", MerchantFilter]
    list_select_related = ["merchant", "opened_by", "closed_by"]
    search_fields = ["=number"]
    search_help_text = "Manifest number, driver, parcel code or tracking number"
    actions = None
    form = OpeningForm

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return tallied(super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        words = search_term.strip()
        if not words:
            return queryset, False
        number, code = words.upper().removeprefix("M-"), words.upper()
        parcels = Shipment.objects.visible_to(request.user).filter(Q(code=code) | Q(tracking_number=code))
        found = Q(pk__in=parcels.exclude(manifest=None).values("manifest")) | Q(driver__icontains=words)
        if number.isdecimal() and len(number) < 10:
            found |= Q(number=int(number))
        return queryset.filter(found), False

    # --- the list ---

    @admin.display(description="manifest", ordering="number")
    def name(self, manifest: Manifest) -> str:
        return f"M-{manifest.number}"

    @admin.display(description="state", ordering="state")
    def state_pill(self, manifest: Any) -> SafeString:
        if manifest.state == Manifest.State.CLOSED and manifest.handed_over < manifest.parcels:
            return pill("running", "Handing over")
        return pill(f"manifest-{manifest.state}", manifest.get_state_display())

    @admin.display(description="dock", ordering="dock")
    def dock_shown(self, manifest: Manifest) -> SafeString | str:
        return format_html('<span dir="auto" class="clip">{}</span>', manifest.dock) if manifest.dock else "–"

    @admin.display(description="driver", ordering="driver")
    def driver_shown(self, manifest: Manifest) -> SafeString | str:
        return (
            format_html('<span dir="auto" class="clip">{}</span>', manifest.driver)
            if manifest.driver
            else "–"
        )

    @admin.display(description="parcels")
    def count(self, manifest: Any) -> str:
        return f"{manifest.parcels:,}"

    @admin.display(description="accepted by the carrier")
    def accepted_of(self, manifest: Any) -> SafeString | str:
        if not manifest.handed_over:
            return "–"
        tone = "done" if manifest.accepted >= manifest.handed_over else "wait"
        return format_html(
            '<span class="pill pill-{}">{} of {}</span>', tone, manifest.accepted, manifest.handed_over
        )

    @admin.display(description="weight")
    def weight(self, manifest: Any) -> str:
        return weight_text(manifest.weight_g) or "–"

    @admin.display(description="opened", ordering="opened_at")
    def opened(self, manifest: Manifest) -> str:
        return _when(manifest.opened_at, manifest.opened_by, manifest.merchant)

    @admin.display(description="closed", ordering="closed_at")
    def closed(self, manifest: Manifest) -> str:
        return _when(manifest.closed_at, manifest.closed_by, manifest.merchant)

    # --- opening one ---

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "merchant":
            kwargs["queryset"] = choices_for(db_field, request, Can.SCAN)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Manifest, form: Any, change: bool) -> None:
        user: Any = request.user
        if change or not user.may(Can.SCAN, obj.merchant):
            raise PermissionDenied
        words = {name: form.cleaned_data[name] for name in ("carrier", "dock", "driver", "vehicle")}
        made = open_manifest(merchant=obj.merchant, user=user, now=timezone.now(), **words)
        obj.pk, obj.number, obj._state.adding = made.pk, made.number, False

    def response_add(
        self, request: HttpRequest, obj: Manifest, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, f"{obj} is open. Scan parcels onto it.")
        return HttpResponseRedirect(_page(obj))

    # --- one manifest ---

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        doors = [
            ("close", self.close),
            ("reopen", self.reopen),
            ("print", self.print_it),
            ("take-off", self.take),
        ]
        own = [
            path(
                f"<int:manifest_id>/{name}/",
                wrap(require_POST(view)),
                name=f"shipping_manifest_{name.replace('-', '_')}",
            )
            for name, view in doors
        ]
        return own + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        key = unquote(object_id)
        manifest = self._manifest(request, int(key) if key.isdecimal() and len(key) < 19 else 0)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        parcels = manifest.shipments.select_related("order__ship_to").order_by("first_scan_at", "-pk")
        page = Paginator(parcels, PARCELS_A_PAGE).get_page(request.GET.get("p"))
        user: Any = request.user
        left = manifest.parcels - manifest.handed_over
        context = self.admin_site.each_context(request) | {
            "title": f"M-{manifest.number} {manifest.carrier}",
            "opts": self.opts,
            "original": manifest,
            "manifest": manifest,
            "is_open": manifest.state == Manifest.State.OPEN,
            "left": left if manifest.state == Manifest.State.CLOSED else 0,
            "weight": weight_text(manifest.weight_g),
            "missing": manifest.handed_over - manifest.accepted,
            "page": page,
            "moves": manifest.moves.order_by("-pk")[:200],
            "runs": manifest.print_runs.order_by("-pk")[:5],
            "zone": manifest.merchant.tz,
            "may_scan": user.may(Can.SCAN, manifest.merchant),
            "may_edit": user.may(Can.EDIT, manifest.merchant),
        }
        return TemplateResponse(request, "shipping/admin/manifest.html", context | (extra_context or {}))

    def close(self, request: HttpRequest, manifest_id: int) -> HttpResponse:
        manifest, user = self._manifest(request, manifest_id, Can.SCAN), request.user
        words = {name: request.POST.get(name, "") for name in ("driver", "vehicle")}
        sign(manifest, user=user, now=timezone.now(), **words)  # type: ignore[arg-type]
        messages.success(request, f"{manifest} is closed.")
        return HttpResponseRedirect(_page(manifest))

    def reopen(self, request: HttpRequest, manifest_id: int) -> HttpResponse:
        manifest: Any = self._manifest(request, manifest_id, Can.SCAN)
        reason, user = request.POST.get("reason", ""), request.user
        return self._try(request, manifest, reopen_manifest, manifest, user=user, reason=reason)

    def take(self, request: HttpRequest, manifest_id: int) -> HttpResponse:
        manifest, user = self._manifest(request, manifest_id, Can.SCAN), request.user
        parcel = manifest.shipments.filter(code=request.POST.get("parcel", "")).first()
        if parcel is None:
            messages.warning(request, "This parcel is not on the manifest any more.")
            return HttpResponseRedirect(_page(manifest))
        return self._try(
            request, manifest, take_off, parcel, user=user, reason=request.POST.get("reason", "")
        )

    def print_it(self, request: HttpRequest, manifest_id: int) -> HttpResponse:
        manifest, user = self._manifest(request, manifest_id, Can.SCAN), request.user
        try:
            run = print_manifest(manifest, user=user, now=timezone.now())  # type: ignore[arg-type]
        except NothingToPrint:
            messages.warning(request, "There is no parcel on this manifest.")
            return HttpResponseRedirect(_page(manifest))
        return HttpResponseRedirect(reverse("admin:shipping_printrun_change", args=[run.pk]))

    def _try(
        self, request: HttpRequest, manifest: Manifest, do: Any, what: Any, **words: Any
    ) -> HttpResponse:
        try:
            do(what, now=timezone.now(), **words)
        except Refused as refused:
            messages.warning(request, str(refused))
        return HttpResponseRedirect(_page(manifest))

    def _manifest(self, request: HttpRequest, manifest_id: int, right: Can | None = None) -> Any:
        """The manifest, if this person may see it (and has the right in its shop); else there is none."""
        manifest = self.get_queryset(request).select_related("merchant", "opened_by", "closed_by")
        found = manifest.filter(pk=manifest_id).first()
        if found is None:
            raise Http404
        user: Any = request.user
        if right and not user.may(right, found.merchant):
            raise PermissionDenied
        return found


def _page(manifest: Manifest) -> str:
    return reverse("admin:shipping_manifest_change", args=[manifest.pk])


def _when(at: Any, who: Any, merchant: Merchant) -> str:
    return f"{date_format(localtime(at, merchant.tz), 'j M H:i')}{f' by {who}' if who else ''}" if at else "–"
