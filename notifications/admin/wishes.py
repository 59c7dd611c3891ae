"""What is told to customers, whom it is not told to, and the proof of their choices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from notifications.admin import dry_run
from notifications.models import Consent, NoticeSettings, Preference, Suppression
from notifications.rehearsal import rehearse
from notifications.status import Channel, Milestone
from notifications.wishes import normal, suppression_of
from orders.admin.base import AskFirstAdmin, MerchantFilter, WalledAdmin
from orders.models import Merchant
from orders.roles import Can


class SettingsForm(forms.ModelForm):
    email = forms.MultipleChoiceField(
        label="Tell by e-mail", choices=Milestone.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    sms = forms.MultipleChoiceField(
        label="Tell by SMS", choices=Milestone.choices, required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A whole channel is switched on and off at the merchant.",
    )  # fmt: skip

    class Meta:
        model = NoticeSettings
        fields = [
            "merchant",
            "quiet_from",
            "quiet_to",
            "quiet_sms",
            "quiet_email",
            "per_person_a_day",
            "per_hour",
            "sms_a_day",
            "sms_price",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        off = {tuple(pair) for pair in self.instance.off}
        for channel in Channel.values:
            on = [value for value, _ in Milestone.choices if (value, channel) not in off]
            self.initial.setdefault(channel, on)

    def save(self, commit: bool = True) -> Any:
        self.instance.off = [
            [value, channel]
            for channel in Channel.values
            for value, _ in Milestone.choices
            if value not in self.cleaned_data[channel]
        ]
        return super().save(commit)


@admin.register(NoticeSettings)
class NoticeSettingsAdmin(AskFirstAdmin):
    change_right = add_right = Can.MANAGE
    form = SettingsForm
    list_display = ["merchant_name", "switched_off"]
    list_filter = [MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["merchant__name"]
    fieldsets = [
        (None, {"fields": ["merchant", "email", "sms"]}),
        ("Quiet hours", {"fields": [("quiet_from", "quiet_to"), "quiet_sms", "quiet_email"]}),
        (
            "Limits",
            {
                "fields": ["per_person_a_day", "per_hour", ("sms_a_day", "sms_price")],
                "description": "What is over a limit is held back and can be sent by hand. An empty field is no limit.",
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["merchant", "switched_off"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and not self.has_change_permission(request, obj):
            return [(None, {"fields": ["merchant", "switched_off"]}), *self.fieldsets[1:]]
        return self.fieldsets

    def before_it_is_kept(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        row = self.get_object(request, object_id) if object_id else None
        if not (self.has_change_permission(request, row) if row else self.has_add_permission(request)):
            return None
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        if not form.is_valid():
            return None
        after = form.save(commit=False)
        merchant = after.merchant
        before = NoticeSettings.objects.filter(pk=after.pk).first() or NoticeSettings(merchant=merchant)
        told = rehearse(merchant, before, after, now=timezone.now())
        if not told.changes:
            return None
        return dry_run.page(self, request, told, merchant)

    @admin.display(description="merchant", ordering="merchant__name")
    def merchant_name(self, row: NoticeSettings) -> str:
        return row.merchant.name

    @admin.display(description="switched off")
    def switched_off(self, row: NoticeSettings) -> str:
        names = dict(Milestone.choices), dict(Channel.choices)
        pairs = [f"{names[0].get(one, one)} by {names[1].get(way, way)}" for one, way in row.off]
        return ", ".join(pairs) or "Nothing: all is told"


class SuppressionForm(forms.ModelForm):
    class Meta:
        model = Suppression
        fields = ["merchant", "channel", "address", "detail"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        merchant, channel, address = said.get("merchant"), said.get("channel"), said.get("address")
        if not (merchant and channel and address):
            return said
        said["address"] = plain = normal(channel, address)
        if channel == Channel.EMAIL and "@" not in plain:
            self.add_error("address", "An e-mail address has an @, such as ada@example.com.")
        elif channel == Channel.SMS and len(plain) < 8:
            self.add_error("address", "Write the phone number with its country, such as +49 30 123456.")
        elif suppression_of(merchant, channel, plain):
            self.add_error("address", f"{plain} is on the list already.")
        return said


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", "Not written to"), ("yes", "Lifted")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(lifted_at__isnull=self.value() == "no") if self.value() else queryset


@admin.register(Suppression)
class SuppressionAdmin(WalledAdmin):
    """Rows are added and lifted, never edited."""

    change_right = None
    form = SuppressionForm
    list_display = ["address", "channel", "reason", "detail", "at", "lifted_at", "merchant"]
    list_filter = [OpenFilter, "reason", "channel", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["=address"]
    search_help_text = "The whole e-mail address, or phone as +4930123456"
    ordering = ["-pk"]
    actions = ["lift"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return super().get_search_results(request, queryset, search_term.strip().lower())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "merchant":
            kwargs["queryset"] = _editable(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        obj.at = timezone.now()
        super().save_model(request, obj, form, change)

    @admin.action(description="Write to these addresses again", permissions=["edit"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        mine = queryset.filter(merchant__in=_editable(request), lifted_at__isnull=True)
        self.message_user(request, f"{mine.update(lifted_at=timezone.now())} will be written to again.")


def _editable(request: HttpRequest) -> QuerySet[Merchant]:
    user: Any = request.user
    mine = Merchant.objects.visible_to(user)
    return mine if user.is_superuser else mine.filter(pk__in=user.merchants_where(Can.EDIT))


@admin.register(Preference)
class PreferenceAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["address", "channel", "milestone", "wanted", "changed_at", "merchant"]
    list_filter = ["wanted", "channel", "milestone", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["=address"]
    ordering = ["-pk"]


@admin.register(Consent)
class ConsentAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["at", "address", "channel", "way", "before", "after", "network", "merchant"]
    list_filter = ["way", "channel", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["=address"]
    ordering = ["-pk"]
