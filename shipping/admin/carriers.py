from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_to, local, pill
from orders.models import Merchant
from orders.queue import enqueue
from orders.roles import Can
from shipping.carriers.registry import ADAPTERS, adapter
from shipping.models import CarrierAccount, InboundWebhook, PollState
from shipping.tasks import drain_webhooks
from shipping.tracking.polling import forget

KEPT = "It is encrypted and never shown again; leave empty to keep the present one."


def provider_label(name: str) -> str:
    carrier = adapter(name)
    return carrier.capabilities.label if carrier else name


class AccountForm(forms.ModelForm):
    provider = forms.ChoiceField(choices=[(name, provider_label(name)) for name in ADAPTERS])
    new_secret = forms.CharField(
        label="Webhook secret",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=f"As set at the provider. {KEPT}",
    )

    class Meta:
        model = CarrierAccount
        fields = ["merchant", "provider"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        merchant, provider = said.get("merchant"), said.get("provider")
        if self.instance.pk is None and merchant and provider:
            taken = CarrierAccount.objects.for_merchant(merchant).filter(provider=provider)
            if taken.exists():
                words = f"{merchant} has an account with {provider_label(provider)} already: change that one."
                self.add_error("provider", words)
        return said


def secret_fields(account: CarrierAccount) -> dict[str, forms.Field]:
    """One field for each secret that the provider's adapter declares."""
    carrier, kept = adapter(account.provider), account.opened_with()
    return {
        f"secret_{secret.name}": forms.CharField(
            label=secret.label,
            required=False,
            max_length=500,
            widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
            help_text=("It is set. " if kept.get(secret.name) else "Not set yet. ") + KEPT,
        )
        for secret in (carrier.capabilities.secrets if carrier else ())
    }


@admin.register(CarrierAccount)
class CarrierAccountAdmin(WalledAdmin):
    """Two steps: the provider first, then what that provider asks for."""

    change_right = add_right = delete_right = Can.MANAGE
    form = AccountForm
    list_display = ["provider_name", "merchant", "has_secret", "can_ask", "webhook_address"]
    list_filter = [MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["provider", "merchant__name"]
    readonly_fields = ["provider_name", "webhook_address", "has_secret", "can_ask", "asking"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            return super().get_form(request, obj, change, **kwargs)
        fields = secret_fields(obj)
        if obj.credentials:
            fields["forget"] = forms.BooleanField(
                label="Forget these credentials",
                required=False,
                help_text="The provider is not asked any more.",
            )
        kwargs["form"] = type("OpenedAccountForm", (AccountForm,), {"provider": None, **fields})
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["merchant", "provider"]})]
        carrier = adapter(obj.provider)
        sets: list[Any] = [(None, {"fields": ["merchant", "provider_name"]})]
        if carrier and carrier.capabilities.webhooks:
            words = "The provider tells us: give it this address, and the secret that it signs with."
            fields = ["webhook_address", "has_secret", "new_secret"]
            sets.append(("Webhooks", {"fields": fields, "description": words}))
        asked = [*secret_fields(obj), *(["forget"] if obj.credentials else [])]
        if asked and self.has_change_permission(request, obj):
            words = "We ask the provider: enter what it gave you for its API."
            sets.append(("Asking", {"fields": ["can_ask", "asking", *asked], "description": words}))
        elif asked:
            sets.append(("Asking", {"fields": ["can_ask", "asking"]}))
        return sets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # An account keeps its provider and its merchant: its address and its secrets are theirs.
        return [*self.readonly_fields, "merchant"] if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: CarrierAccount, form: Any, change: bool) -> None:
        said = form.cleaned_data
        if said.get("new_secret"):
            obj.secret = said["new_secret"]
        if said.get("forget"):
            obj.credentials = ""
        names = [name for name in said if name.startswith("secret_")]
        obj.open_with({name.removeprefix("secret_"): said[name].strip() for name in names})
        super().save_model(request, obj, form, change)
        if said.get("forget") or any(said[name] for name in names):
            forget(obj)

    def response_add(self, request: HttpRequest, obj: CarrierAccount, post_url_continue: Any = None) -> Any:
        self.message_user(request, f"Now enter what {provider_label(obj.provider)} gave you.")
        return HttpResponseRedirect(reverse("admin:shipping_carrieraccount_change", args=[obj.pk]))

    @admin.display(description="provider", ordering="provider")
    def provider_name(self, account: CarrierAccount) -> str:
        return provider_label(account.provider)

    @admin.display(description="webhook secret")
    def has_secret(self, account: CarrierAccount) -> str:
        carrier = adapter(account.provider)
        if carrier is None or not carrier.capabilities.webhooks:
            return "Needs none"
        return "Set" if account.secret else "Not set"

    @admin.display(description="credentials")
    def can_ask(self, account: CarrierAccount) -> str:
        carrier, kept = adapter(account.provider), account.opened_with()
        missing = [
            secret.label
            for secret in (carrier.capabilities.secrets if carrier else ())
            if not kept.get(secret.name)
        ]
        if missing and kept:
            return f"Not whole: {', '.join(missing)} missing"
        return "Not set" if missing else "Set"

    @admin.display(description="how it goes")
    def asking(self, account: CarrierAccount) -> str:
        if not account.credentials:
            return "The provider is not asked: it has no credentials."
        mine = PollState.objects.for_merchant(account.merchant).filter(account=account)
        count = mine.filter(next_at__isnull=False).count()
        words = "1 parcel is asked about." if count == 1 else f"{count:,} parcels are asked about."
        if account.poll_error:
            until = f" It is left alone until {local(account.poll_after, account.merchant.tz)}."
            words += f" The last call failed: {account.poll_error}{until if account.poll_after else ''}"
        return words

    @admin.display(description="webhook address")
    def webhook_address(self, account: CarrierAccount) -> str:
        carrier = adapter(account.provider)
        if carrier is None or not carrier.capabilities.webhooks:
            return "– (it is asked)"
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
        count = mine.update(state=InboundWebhook.State.RECEIVED, claimed_at=None, attempts=0)
        enqueue(drain_webhooks)
        self.message_user(request, f"{count} will be applied again.")


def _editable(request: HttpRequest) -> Any:
    user: Any = request.user
    return Merchant.objects.all() if user.is_superuser else user.merchants_where(Can.EDIT)


@admin.register(PollState)
class PollStateAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = [
        "parcel",
        "provider",
        "status",
        "next_at",
        "polled_at",
        "failures",
        "error",
        "given_up_at",
    ]
    list_display_links = None
    list_filter = [MerchantFilter]
    list_select_related = ["shipment", "account"]
    search_fields = ["=shipment__code", "=shipment__tracking_number"]
    search_help_text = "Parcel code or tracking number"
    ordering = ["-shipment_id"]
    exclude = ["account"]

    @admin.display(description="parcel")
    def parcel(self, row: PollState) -> SafeString:
        return link_to(row.shipment)

    @admin.display(description="asked of")
    def provider(self, row: PollState) -> str:
        return provider_label(row.account.provider) if row.account else "Nobody"

    @admin.display(description="tracking")
    def status(self, row: PollState) -> SafeString:
        return pill(row.shipment.tracking_status, row.shipment.get_tracking_status_display())
