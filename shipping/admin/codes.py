"""The codes of carriers that no table knows: what they mean is said here once, and history is read again."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, pill
from orders.queue import enqueue
from orders.roles import Can
from shipping.admin.carriers import provider_label
from shipping.models import CodeMapping
from shipping.status import TrackingStatus
from shipping.tasks import reread_code
from shipping.tracking.codes import OWN_VERSIONS
from shipping.tracking.remap import left, map_code

SHOWN = 10


class MeaningFilter(admin.SimpleListFilter):
    """Those that nobody has mapped, unless one asks for others."""

    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mapped", "Mapped"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        query = changelist.get_query_string(remove=["state"])
        yield {"selected": self.value() is None, "query_string": query, "display": "To map"}
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({"state": value})
            yield {"selected": self.value() == value, "query_string": query, "display": title}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.exclude(status="") if self.value() == "mapped" else queryset.filter(status="")


class MeaningForm(forms.ModelForm):
    status = forms.ChoiceField(
        label="It means",
        choices=[("", "Choose …"), *TrackingStatus.choices],
        error_messages={"required": "Choose what the code means."},
        help_text="Every event with this code is read again, and its parcel’s status worked out anew. "
        "“Unknown” says that the code has nothing to say.",
    )

    class Meta:
        model = CodeMapping
        fields = ["status"]


@admin.register(CodeMapping)
class CodeMappingAdmin(WalledAdmin):
    change_right = Can.MANAGE
    add_right = None
    form = MeaningForm
    list_display = [
        "code",
        "from_whom",
        "message",
        "seen",
        "first_seen_at",
        "meaning",
        "progress",
        "merchant",
    ]
    list_filter = [MeaningFilter, MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["=code", "message"]
    search_help_text = "The carrier’s code, or words of its message"
    ordering = ["-first_seen_at", "-pk"]
    readonly_fields = (
        "code", "from_whom", "words", "first_seen_at", "seen", "parcels", "mapped", "progress", "still", "merchant",
    )  # fmt: skip
    fields = (*readonly_fields[:6], "status", *readonly_fields[6:])

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(event_count=Count("events"))

    def save_model(self, request: HttpRequest, obj: CodeMapping, form: Any, change: bool) -> None:
        map_code(obj, form.cleaned_data["status"], user=request.user, now=timezone.now())
        enqueue(reread_code, obj.pk)

    @admin.display(description="from", ordering="provider")
    def from_whom(self, row: CodeMapping) -> str:
        provider = provider_label(row.provider)
        return provider if row.carrier in ("", provider) else f"{row.carrier} by {provider}"

    @admin.display(description="for example")
    def example(self, row: CodeMapping) -> SafeString:
        return format_html(
            '<span dir="auto" class="clip" title="{}">{}</span>', row.message, row.message or "–"
        )

    @admin.display(description="for example")
    def words(self, row: CodeMapping) -> SafeString:
        return format_html('<span dir="auto">{}</span>', row.message or "–")

    @admin.display(description="events", ordering="event_count")
    def seen(self, row: CodeMapping) -> int:
        return row.event_count  # type: ignore[attr-defined]

    @admin.display(description="means", ordering="status")
    def meaning(self, row: CodeMapping) -> SafeString | str:
        return pill(row.status, row.get_status_display()) if row.status else "–"

    @admin.display(description="history")
    def progress(self, row: CodeMapping) -> str:
        if not row.status:
            return "–"
        if row.reread_at:
            return "Read again"
        return "Being read again"

    @admin.display(description="events still to read again")
    def still(self, row: CodeMapping) -> int:
        return left(row)

    @admin.display(description="mapped")
    def mapped(self, row: CodeMapping) -> str:
        if row.mapped_at is None:
            return "Not yet"
        by = f" by {row.mapped_by}" if row.mapped_by else ""
        return f"{date_format(row.mapped_at, 'DATETIME_FORMAT')}{by}, as mapping version {OWN_VERSIONS + row.version}"

    @admin.display(description="newest parcels")
    def parcels(self, row: CodeMapping) -> SafeString | str:
        rows = row.events.select_related("event__shipment").order_by("-pk")[:SHOWN]
        parcels = {unknown.event.shipment_id: unknown.event.shipment for unknown in rows}
        return format_html_join(", ", "{}", ((link_to(parcel),) for parcel in parcels.values())) or "–"
