from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_to, pill, short
from orders.queue import enqueue
from orders.roles import Can
from orders.status import OrderKind
from shipping.admin import coming, issued, route, why
from shipping.admin.due import DueFilter, PickedFilter, PromisedFilter
from shipping.admin.ended import FROM_THE_SCORECARD
from shipping.admin.papers import runs_of
from shipping.admin.printing import print_both, print_chosen, print_labels, print_slips
from shipping.carriers.base import Reading, normal_number
from shipping.models import Promise, Scan, Shipment, ShipmentLine, TrackingEvent
from shipping.status import Stage
from shipping.tasks import redrive_number
from shipping.tracking.record import record


class PrintedFilter(admin.SimpleListFilter):
    title, parameter_name = "printed", "printed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Printed"), ("no", "Not printed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("yes", "no"):
            return queryset.filter(printed_at__isnull=self.value() == "no")
        return queryset


class LineInline(WalledInline):
    model = ShipmentLine
    fields = readonly_fields = (
        "sku",
        "name",
        "quantity",
    )
    verbose_name_plural = "In this parcel"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("order_line")

    def sku(self, line: ShipmentLine) -> str:
        return line.order_line.sku

    def name(self, line: ShipmentLine) -> str:
        return line.order_line.name


class EventInline(WalledInline):
    model = TrackingEvent
    fields = readonly_fields = (
        "occurred_at",
        "status",
        "message",
        "place",
        "source",
        "code",
        "received_at",
        "zone_assumed",
    )
    verbose_name_plural = "Tracking events"


class PromiseInline(WalledInline):
    model = Promise
    fields = readonly_fields = (
        "made_at",
        "from_day",
        "to_day",
        "source",
        "reason",
    )


class ScanInline(WalledInline):
    model = Scan
    fields = readonly_fields = (
        "scanned_at",
        "mode",
        "outcome",
        "operator",
    )


class SenderFilter(admin.SimpleListFilter):
    title, parameter_name = "sender", "sender"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("shop", "The shop"),
            ("supplier", "A supplier, straight to the customer"),
            ("ask", "A supplier not yet asked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case "shop":
                return queryset.filter(supplier__isnull=True)
            case "supplier":
                return queryset.filter(supplier__isnull=False)
            case "ask":
                return queryset.filter(
                    supplier__isnull=False, supplier_told_at__isnull=True, stage=Stage.OPEN
                )
        return queryset


@admin.action(description="Ask suppliers to send the selected parcels", permissions=["edit"])
def ask_suppliers(
    self: "ShipmentAdmin", request: HttpRequest, queryset: QuerySet[Shipment]
) -> HttpResponse | None:
    chosen = queryset.filter(supplier__isnull=False, stage=Stage.OPEN).order_by("pk")
    ids = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True)[:200])
    if not ids:
        self.message_user(request, "No supplier is to send any of these parcels.", messages.WARNING)
        return None
    return HttpResponseRedirect(f"{reverse('admin:notifications_letter_drop')}?parcels={ids}")


@admin.register(Shipment)
class ShipmentAdmin(WalledAdmin):
    add_right = None
    list_display = [
        "code",
        "order_link",
        "stage_pill",
        "status_pill",
        "carrier",
        "tracking_number",
        "promise",
        "printed",
        "merchant",
    ]
    list_filter = [
        "stage",
        "direction",
        SenderFilter,
        DueFilter,
        "tracking_status",
        PromisedFilter,
        PickedFilter,
        PrintedFilter,
        *FROM_THE_SCORECARD,
        MerchantFilter,
    ]
    list_select_related = ["merchant", "order__purchase"]
    search_fields = ["=code", "=tracking_number", "=order__number", "^order__ship_to__name"]
    search_help_text = "Parcel code, tracking number, order number or name"
    inlines = [LineInline, EventInline, PromiseInline, ScanInline]
    actions = [print_both, print_slips, print_labels, print_chosen, ask_suppliers]
    fields = (
        "code", "order_link", "merchant", "stage_pill", "status_pill", "carrier", "service", "tracking_number", "weight_g",
        "promise", "ship_by", "printed_at", "papers", "own_label",
        "packed_at", "handed_over_at", "first_scan_at", "last_event_at", "delivered_at",
        "on_manifest", "route_map",
    )  # fmt: skip
    readonly_fields = tuple(
        name for name in fields if name not in ("carrier", "service", "tracking_number", "weight_g")
    )

    def get_urls(self) -> list[URLPattern]:
        return [*issued.urls(self), *why.urls(self), *coming.urls(self), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Shipment, form: Any, change: bool) -> None:
        obj.tracking_number = normal_number(obj.tracking_number)
        if not request.user.may(Can.EDIT, obj.merchant):  # type: ignore[union-attr]
            raise PermissionDenied
        obj.save(update_fields=["carrier", "service", "tracking_number", "weight_g"])
        if "tracking_number" in form.changed_data and obj.tracking_number:
            enqueue(redrive_number, obj.merchant_id, obj.tracking_number)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "order__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description="order", ordering="order__number")
    def order_link(self, shipment: Shipment) -> SafeString:
        purchase = shipment.order.kind == OrderKind.PURCHASE
        return link_to(shipment.order.purchase if purchase else shipment.order)

    @admin.display(description="stage", ordering="stage")
    def stage_pill(self, shipment: Shipment) -> SafeString:
        return pill(shipment.stage, Stage(shipment.stage).label)

    @admin.display(description="tracking", ordering="tracking_status")
    def status_pill(self, shipment: Shipment) -> SafeString:
        return pill(shipment.tracking_status, shipment.get_tracking_status_display())

    @admin.display(description="promised", ordering="promised_to")
    def promise(self, shipment: Shipment) -> str:
        if shipment.promised_to is None or shipment.promised_from is None:
            return "–"
        if shipment.promised_from == shipment.promised_to:
            return date_format(shipment.promised_to, "j M")
        return f"{date_format(shipment.promised_from, 'j M')} – {date_format(shipment.promised_to, 'j M')}"

    @admin.display(description="manifest")
    def on_manifest(self, shipment: Shipment) -> SafeString | str:
        return link_to(shipment.manifest) if shipment.manifest else "–"

    @admin.display(description="route")
    def route_map(self, shipment: Shipment) -> SafeString | str:
        return route.drawn(shipment)

    @admin.display(description="print runs")
    def papers(self, shipment: Shipment) -> SafeString | str:
        return runs_of(shipment.merchant, items__shipment=shipment)

    @admin.display(description="carrier's label")
    def own_label(self, shipment: Shipment) -> SafeString | str:
        return issued.told(shipment)

    @admin.display(description="printed", ordering="printed_at")
    def printed(self, shipment: Shipment) -> SafeString | str:
        return short(shipment.printed_at, shipment.merchant.tz)


class CorrectionForm(forms.ModelForm):
    """A member of staff saying what they know of a parcel; it enters by the door of every event."""

    code = forms.CharField(label="Parcel code", max_length=20)

    class Meta:
        model = TrackingEvent
        fields = ["status", "occurred_at", "message", "city", "country"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "occurred_at" in self.fields:  # Django gives the two halves no label of their own
            for half, said in zip(self.fields["occurred_at"].widget.widgets, ("Day", "Time"), strict=True):
                half.attrs["aria-label"] = f"{said} at which it happened"

    def clean_code(self) -> str:
        code = self.cleaned_data["code"].strip().upper()
        user = self.request.user  # type: ignore[attr-defined]
        self.shipment = Shipment.objects.visible_to(user).filter(code=code).select_related("merchant").first()
        if self.shipment is None or not user.may(Can.EDIT, self.shipment.merchant):
            raise forms.ValidationError("You have no parcel with this code.")
        return code

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()

    def clean_occurred_at(self) -> Any:
        when = self.cleaned_data["occurred_at"]
        if when > timezone.now():
            raise forms.ValidationError("This lies in the future; say what has happened.")
        return when


@admin.register(TrackingEvent)
class TrackingEventAdmin(WalledAdmin):
    change_right = None
    list_display = ["occurred_at", "parcel", "status_pill", "message", "place", "source", "received_at"]
    list_filter = ["source", "status", MerchantFilter]
    list_select_related = ["shipment"]
    search_fields = ["=shipment__code", "=shipment__tracking_number"]
    ordering = ["-pk"]
    form = CorrectionForm
    exclude = ["payload"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return form if obj else type("BoundCorrectionForm", (form,), {"request": request})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ["code", "status", "occurred_at", "message", "city", "country"]
        return ["parcel", "status", "occurred_at", "zone", "zone_assumed", "received_at", "source", "carrier", "code", "message",
                "place", "mapping_version", "payload"]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj) if obj else []

    def save_model(self, request: HttpRequest, obj: TrackingEvent, form: Any, change: bool) -> None:
        said = form.cleaned_data
        reading = Reading(
            status=said["status"],
            occurred_at=said["occurred_at"],
            shipment_id=form.shipment.pk,
            source="staff",
            code=f"staff-{said['status']}",
            message=said["message"],
            city=said["city"],
            country=said["country"],
            zone="UTC",
            payload={"by": str(request.user)},
        )
        record([reading], merchant=form.shipment.merchant, now=timezone.now(), actor=str(request.user))
        stored = TrackingEvent.objects.get(shipment=form.shipment, fingerprint=reading.fingerprint)
        obj.pk, obj.shipment = stored.pk, form.shipment

    @admin.display(description="parcel")
    def parcel(self, event: TrackingEvent) -> SafeString:
        return link_to(event.shipment)

    @admin.display(description="status", ordering="status")
    def status_pill(self, event: TrackingEvent) -> SafeString:
        return pill(event.status, event.get_status_display())


@admin.register(Scan)
class ScanAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["scanned_at", "code", "mode", "outcome_pill", "operator", "merchant"]
    list_filter = ["mode", "outcome", MerchantFilter]
    list_select_related = ["operator", "merchant"]
    search_fields = ["=code"]
    ordering = ["-pk"]

    @admin.display(description="outcome", ordering="outcome")
    def outcome_pill(self, scan: Scan) -> SafeString:
        return pill(scan.outcome, scan.get_outcome_display())
