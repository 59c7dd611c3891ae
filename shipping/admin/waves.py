"""Waves and short picks in the office: make a wave of chosen parcels, see how far it is, settle what was not found."""

from collections import defaultdict
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, local, pill
from orders.models import Merchant, User
from orders.roles import Can
from shipping.admin.printing import parcels_of
from shipping.aisle import counted
from shipping.desk import print_picks
from shipping.documents.runs import NothingToPrint
from shipping.models import ShortPick, Wave
from shipping.warehouse.waves import WaveError, call_off, lines_in_order, make_wave, settle_short


@admin.action(description="Make a pick wave", permissions=["scan"])
def to_wave(modeladmin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    """One wave for each merchant among the chosen parcels (or the chosen orders' open parcels)."""
    user: Any = request.user
    by_merchant: dict[int, list[int]] = defaultdict(list)
    for pk, merchant_id in parcels_of(queryset):
        by_merchant[merchant_id].append(pk)
    made = []
    for merchant in Merchant.objects.visible_to(user).filter(pk__in=by_merchant).order_by("pk"):
        if not user.may(Can.SCAN, merchant):
            continue
        ids = by_merchant[merchant.pk]
        try:
            wave = make_wave(merchant=merchant, user=user, shipment_ids=ids, now=timezone.now())
        except WaveError as error:
            messages.warning(request, str(error))
            continue
        made.append(wave)
        left = len(ids) - wave.shipments.count()
        if left:
            text = f"{left} of {len(ids)} parcels are not in it: packed, in another wave, or nothing of them in stock."
            messages.info(request, text)
    if len(made) == 1:
        return HttpResponseRedirect(reverse("admin:shipping_wave_change", args=[made[0].pk]))
    if made:
        return HttpResponseRedirect(reverse("admin:shipping_wave_changelist"))
    if not by_merchant:
        messages.warning(request, "There is no parcel of yours to pick among these.")
    return None


@admin.register(Wave)
class WaveAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "name",
        "state_pill",
        "progress",
        "short_count",
        "started_by",
        "created",
        "finished",
        "merchant",
    ]
    list_filter = ["state", "created_at", MerchantFilter]
    list_select_related = ["merchant", "started_by"]
    search_fields = ["name", "=shipments__code", "=shipments__order__number"]
    search_help_text = "Wave, parcel code or order number"
    ordering = ["-pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return counted(super().get_queryset(request))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<int:wave_id>/call-off/",
                wrap(require_POST(self.call_off_view)),
                name="shipping_wave_call_off",
            ),
            path("<int:wave_id>/print/", wrap(require_POST(self.print_view)), name="shipping_wave_print"),
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
        wave = self._wave(request, int(key) if key.isdecimal() else 0)
        user: Any = request.user
        context = self.admin_site.each_context(request) | {
            "title": wave.name,
            "opts": self.opts,
            "original": wave,
            "wave": wave,
            "handled": wave.taken + wave.short,
            "lines": lines_in_order(wave),
            "parcels": wave.shipments.select_related("order__ship_to").order_by("pk")[:200],
            "parcel_count": wave.shipments.count(),
            "shorts": wave.shorts.select_related("order_line__order", "parcel")[:100],
            "is_open": wave.state == Wave.State.OPEN,
            "may_scan": user.may(Can.SCAN, wave.merchant),
        }
        return TemplateResponse(request, "shipping/admin/wave.html", context | (extra_context or {}))

    def call_off_view(self, request: HttpRequest, wave_id: int) -> HttpResponse:
        wave = self._acting(request, wave_id)
        try:
            call_off(wave, now=timezone.now())
            self.message_user(request, "The wave is called off; its parcels are free for another one.")
        except WaveError as error:
            self.message_user(request, str(error), messages.WARNING)
        return HttpResponseRedirect(reverse("admin:shipping_wave_change", args=[wave.pk]))

    def print_view(self, request: HttpRequest, wave_id: int) -> HttpResponse:
        wave, user = self._acting(request, wave_id), request.user
        assert isinstance(user, User)
        try:
            run = print_picks(wave, user=user, now=timezone.now())
        except NothingToPrint:
            self.message_user(request, "No parcel of this wave is to be packed any more.", messages.WARNING)
            return HttpResponseRedirect(reverse("admin:shipping_wave_change", args=[wave.pk]))
        return HttpResponseRedirect(reverse("admin:shipping_printrun_change", args=[run.pk]))

    def _wave(self, request: HttpRequest, wave_id: int) -> Any:
        wave = self.get_queryset(request).select_related("merchant", "started_by").filter(pk=wave_id).first()
        if wave is None or not self.has_view_permission(request, wave):
            raise Http404
        return wave

    def _acting(self, request: HttpRequest, wave_id: int) -> Wave:
        wave, user = self._wave(request, wave_id), request.user
        if not isinstance(user, User) or not user.may(Can.SCAN, wave.merchant):
            raise PermissionDenied
        return wave

    @admin.display(description="state", ordering="state")
    def state_pill(self, wave: Wave) -> SafeString:
        return pill(f"wave-{wave.state}", wave.get_state_display())

    @admin.display(description="picked")
    def progress(self, wave: Any) -> SafeString:
        return format_html(
            '<progress max="{}" value="{}" aria-label="Picked"></progress> {} / {}',
            wave.wanted or 1,
            wave.taken,
            wave.taken,
            wave.wanted,
        )

    @admin.display(description="short")
    def short_count(self, wave: Any) -> str:
        return f"{wave.short}" if wave.short else "–"

    @admin.display(description="made", ordering="created_at")
    def created(self, wave: Wave) -> str:
        return local(wave.created_at, wave.merchant.tz)

    @admin.display(description="finished", ordering="finished_at")
    def finished(self, wave: Wave) -> str:
        return local(wave.finished_at, wave.merchant.tz)


class SettledFilter(admin.SimpleListFilter):
    """Open ones unless one asks for the settled."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("settled", "Settled"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=["state"]),
            "display": "To settle",
        }
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({"state": value})
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "settled")


@admin.register(ShortPick)
class ShortPickAdmin(WalledAdmin):
    add_right = None
    list_display = [
        "what",
        "reason",
        "note",
        "order",
        "waits_in",
        "reported_by",
        "reported",
        "settled",
        "merchant",
    ]
    list_filter = [SettledFilter, "reason", MerchantFilter]
    list_select_related = ["merchant", "order_line__order", "parcel", "reported_by"]
    search_fields = ["=order_line__sku", "=order_line__order__number", "=parcel__code"]
    search_help_text = "SKU, order number or parcel code"
    ordering = ["-pk"]
    actions = ["settle"]
    fields = [
        "what",
        "reason",
        "note",
        "order",
        "waits_in",
        "reported_by",
        "reported",
        "settled",
        "resolution",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in self.fields if name != "resolution"]  # type: ignore[misc]

    def save_model(self, request: HttpRequest, obj: ShortPick, form: Any, change: bool) -> None:
        if not request.user.may(Can.EDIT, obj.merchant):  # type: ignore[union-attr]
            raise PermissionDenied
        if obj.resolution and obj.resolved_at is None:
            settle_short(obj, obj.resolution, now=timezone.now())
        else:
            obj.save(update_fields=["resolution"])

    @admin.action(description="Settled", permissions=["edit"])
    def settle(self, request: HttpRequest, queryset: QuerySet[ShortPick]) -> None:
        user: Any = request.user
        rows = queryset.filter(resolved_at__isnull=True).select_related("order_line", "merchant")
        done = [short for short in rows if user.may(Can.EDIT, short.merchant)]
        for short in done:
            settle_short(short, f"Settled by {user.get_username()}", now=timezone.now())
        self.message_user(request, f"{len(done)} settled. What lies on the shelf is reserved for who waits.")

    @admin.display(description="missing", ordering="order_line__sku")
    def what(self, short: ShortPick) -> str:
        return f"{short.quantity} × {short.order_line.sku}"

    @admin.display(description="order", ordering="order_line__order__number")
    def order(self, short: ShortPick) -> SafeString:
        return link_to(short.order_line.order)

    @admin.display(description="waits in")
    def waits_in(self, short: ShortPick) -> str:
        return link_to(short.parcel) if short.parcel else "–"

    @admin.display(description="reported", ordering="reported_at")
    def reported(self, short: ShortPick) -> str:
        return local(short.reported_at, short.merchant.tz)

    @admin.display(description="settled", ordering="resolved_at")
    def settled(self, short: ShortPick) -> str:
        return local(short.resolved_at, short.merchant.tz)
