from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, pill
from orders.queue import enqueue
from orders.roles import Can
from shipping.carriers.registry import ADAPTERS
from shipping.models import CarrierAccount, InboundWebhook, QuarantinedReading
from shipping.tasks import apply_webhook
from shipping.tracking.quarantine import redrive


class AccountForm(forms.ModelForm):
    provider = forms.ChoiceField(choices=[(name, name) for name in ADAPTERS])
    new_secret = forms.CharField(
        label="Webhook secret",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="As set at the provider. It is encrypted and never shown again; leave empty to keep the present one.",
    )

    class Meta:
        model = CarrierAccount
        fields = ["merchant", "provider"]


@admin.register(CarrierAccount)
class CarrierAccountAdmin(WalledAdmin):
    change_right = add_right = delete_right = Can.MANAGE
    form = AccountForm
    list_display = ["provider", "merchant", "has_secret", "webhook_address"]
    list_filter = [MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["provider", "merchant__name"]
    readonly_fields = ["webhook_address", "has_secret"]
    fields = ["merchant", "provider", "new_secret", "has_secret", "webhook_address"]

    def save_model(self, request: HttpRequest, obj: CarrierAccount, form: Any, change: bool) -> None:
        if form.cleaned_data.get("new_secret"):
            obj.secret = form.cleaned_data["new_secret"]
        super().save_model(request, obj, form, change)

    @admin.display(description="secret set", boolean=True)
    def has_secret(self, account: CarrierAccount) -> bool:
        return bool(account.secret)

    @admin.display(description="webhook address")
    def webhook_address(self, account: CarrierAccount) -> str:
        if not account.pk:
            return "Shown once saved."
        return settings.BASE_URL + reverse("webhook", args=[account.provider, account.key])


@admin.register(InboundWebhook)
class InboundWebhookAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["received_at", "provider", "event_id", "state_pill", "attempts", "error", "merchant"]
    list_filter = ["state", "provider", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["^event_id"]
    ordering = ["-pk"]
    actions = ["again"]

    @admin.display(description="state", ordering="state")
    def state_pill(self, row: InboundWebhook) -> SafeString:
        return pill(row.state, row.get_state_display())

    @admin.action(description="Apply the failed ones again", permissions=["edit"])
    def again(self, request: HttpRequest, queryset: QuerySet[InboundWebhook]) -> None:
        mine = queryset.filter(merchant__in=_editable(request), state=InboundWebhook.State.FAILED)
        ids = list(mine.values_list("pk", flat=True))
        mine.update(state=InboundWebhook.State.RECEIVED, claimed_at=None, attempts=0)
        for pk in ids:
            enqueue(apply_webhook, pk)
        self.message_user(request, f"{len(ids)} will be applied again.")


class ResolvedFilter(admin.SimpleListFilter):
    title, parameter_name = "state", "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Waiting"), ("resolved", "Found its parcel")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() in ("open", "resolved"):
            return queryset.filter(resolved_at__isnull=self.value() == "open")
        return queryset


@admin.register(QuarantinedReading)
class QuarantineAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "received_at",
        "carrier",
        "tracking_number",
        "reason",
        "resolved_at",
        "parcel",
        "merchant",
    ]
    list_filter = [ResolvedFilter, MerchantFilter]
    list_select_related = ["merchant", "shipment"]
    search_fields = ["=tracking_number"]
    actions = ["try_again"]

    @admin.display(description="parcel")
    def parcel(self, row: QuarantinedReading) -> str:
        return link_to(row.shipment) if row.shipment else "–"

    @admin.action(description="Look for their parcels again", permissions=["edit"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[QuarantinedReading]) -> None:
        mine = queryset.filter(merchant__in=_editable(request))
        found = redrive(mine, now=timezone.now(), actor=str(request.user))
        left = mine.filter(resolved_at__isnull=True).count()
        self.message_user(
            request, f"{found} found their parcel.", messages.SUCCESS if found else messages.INFO
        )
        if left:
            self.message_user(request, f"{left} still fit no parcel.", messages.WARNING)


def _editable(request: HttpRequest) -> Any:
    user: Any = request.user
    from orders.models import Merchant

    return Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)
