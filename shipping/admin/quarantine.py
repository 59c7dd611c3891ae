"""What carriers said of parcels that we do not know: see it, match it by hand, or look for its parcel again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, local, pill
from orders.models import Merchant
from orders.queue import enqueue
from orders.roles import Can
from shipping.carriers.base import Reading, normal_number
from shipping.models import QuarantinedReading, Shipment
from shipping.status import TrackingStatus
from shipping.tasks import redrive_quarantine
from shipping.tracking.quarantine import match_by_hand, redrive

AT_ONCE = 200


class WaitingFilter(admin.SimpleListFilter):
    """Those that wait, unless one asks for others."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("resolved", "Found its parcel"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        query = changelist.get_query_string(remove=["state"])
        yield {"selected": self.value() is None, "query_string": query, "display": "Waiting"}
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({"state": value})
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "resolved")


class MatchForm(forms.ModelForm):
    parcel_code = forms.CharField(
        label="Parcel code", max_length=20, help_text="As on the parcel’s page and its label, like P4T7…"
    )
    with_others = forms.BooleanField(
        label="And every other waiting one of this tracking number", required=False, initial=True
    )

    class Meta:
        model = QuarantinedReading
        fields: list[str] = []

    def clean_parcel_code(self) -> str:
        code = self.cleaned_data["parcel_code"].strip().upper()
        self.shipment = (
            Shipment.objects.for_merchant(self.instance.merchant)
            .filter(code=code)
            .select_related("merchant")
            .first()
        )
        if self.shipment is None:
            raise forms.ValidationError(f"{self.instance.merchant} has no parcel with this code.")
        return code


@admin.register(QuarantinedReading)
class QuarantineAdmin(WalledAdmin):
    add_right = None
    form = MatchForm
    list_display = [
        "received_at",
        "carrier",
        "tracking_number",
        "reason",
        "resolved_at",
        "parcel",
        "merchant",
    ]
    list_filter = [WaitingFilter, MerchantFilter]
    list_select_related = ["merchant", "shipment"]
    search_fields = ["=tracking_number"]
    search_help_text = "Tracking number"
    ordering = ["-received_at", "-pk"]
    actions = ["try_again"]
    readonly_fields = (
        "merchant", "carrier", "tracking_number", "said", "message", "happened", "place", "code", "received_at", "reason",
        "resolved_at", "parcel",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.resolved_at)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        return super().get_search_results(request, queryset, normal_number(search_term))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: list[Any] = [(None, {"fields": self.readonly_fields})]
        if obj and self.has_change_permission(request, obj):
            words = "Only when you are sure: what the carrier said becomes part of this parcel’s history."
            sets.append(
                ("Match it by hand", {"fields": ["parcel_code", "with_others"], "description": words})
            )
        return sets

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and "_again" in request.POST:
            row = self.get_object(request, object_id)
            if row is not None and self.has_change_permission(request, row):
                rows = QuarantinedReading.objects.for_merchant(row.merchant).filter(pk=row.pk)
                found = redrive(rows, now=timezone.now(), actor=str(request.user))
                words = (
                    "It found its parcel." if found else "No parcel of yours has this tracking number yet."
                )
                self.message_user(request, words, messages.SUCCESS if found else messages.WARNING)
                return HttpResponseRedirect(request.path)
        return super().change_view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: QuarantinedReading, form: Any, change: bool) -> None:
        others = form.cleaned_data["with_others"]
        form.matched = match_by_hand(
            obj, form.shipment, with_others=others, now=timezone.now(), actor=str(request.user)
        )

    def response_change(self, request: HttpRequest, obj: QuarantinedReading) -> HttpResponse:
        self.message_user(request, "The parcel has it now.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:shipping_quarantinedreading_changelist"))

    @admin.display(description="parcel")
    def parcel(self, row: QuarantinedReading) -> str:
        return link_to(row.shipment) if row.shipment else "–"

    @admin.display(description="status")
    def said(self, row: QuarantinedReading) -> SafeString:
        status = TrackingStatus(Reading.from_json(row.reading).status)
        return pill(status, str(status.label))

    @admin.display(description="in the carrier’s words")
    def message(self, row: QuarantinedReading) -> SafeString:
        return format_html('<span dir="auto">{}</span>', Reading.from_json(row.reading).message or "–")

    @admin.display(description="happened")
    def happened(self, row: QuarantinedReading) -> str:
        reading = Reading.from_json(row.reading)
        assumed = " (the carrier named no zone)" if reading.zone_assumed else ""
        return f"{local(reading.occurred_at, reading.occurred_at.tzinfo)}{assumed}"

    @admin.display(description="place")
    def place(self, row: QuarantinedReading) -> str:
        reading = Reading.from_json(row.reading)
        return ", ".join(part for part in (reading.city, reading.region, reading.country) if part) or "–"

    @admin.display(description="carrier’s code")
    def code(self, row: QuarantinedReading) -> str:
        return Reading.from_json(row.reading).code or "–"

    @admin.action(description="Look for their parcels again", permissions=["edit"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[QuarantinedReading]) -> None:
        user: Any = request.user
        may = Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)
        mine = queryset.filter(merchant__in=may)
        if mine.count() > AT_ONCE:
            for merchant_id in mine.order_by().values_list("merchant_id", flat=True).distinct():
                enqueue(redrive_quarantine, merchant_id)
            self.message_user(
                request, "There are many: every waiting one is looked at in the background now."
            )
            return
        found = redrive(mine, now=timezone.now(), actor=str(request.user))
        left = mine.filter(resolved_at__isnull=True).count()
        self.message_user(
            request, f"{found} found their parcel.", messages.SUCCESS if found else messages.INFO
        )
        if left:
            self.message_user(request, f"{left} still fit no parcel.", messages.WARNING)
