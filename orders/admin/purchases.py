"""What the shop has ordered from its suppliers: the list, a page to write one down, and receiving by scan."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import local, pill, short
from orders.incoming import MAX_QUANTITY, Refused
from orders.lifecycle import InvalidMove, change_status
from orders.models import Merchant, Purchase, PurchaseLine, Supplier, SupplierWord, User
from orders.purchasing import CLOSED, MoreThanOrdered, PurchaseError, Wanted, buy, finish, receive
from orders.roles import Can
from orders.status import OrderStatus, PurchaseState
from orders.stock import StockError
from orders.suppliers import answered

COLOUR = {
    PurchaseState.ORDERED: "received",
    PurchaseState.ON_ITS_WAY: "shipped",
    PurchaseState.TO_RECEIVE: "processing",
    PurchaseState.LATE: "past_promise",
    PurchaseState.PARTLY: "shipped",
    PurchaseState.RECEIVED: "delivered",
    PurchaseState.CANCELLED: "cancelled",
}
ARRIVED = PurchaseLine.objects.filter(purchase=OuterRef("pk"), received__gt=0)


def state_of(purchase: Purchase, now: datetime) -> PurchaseState:
    """What is to be counted beats late, and late beats partly received: somebody has to ask."""
    if purchase.order.status in CLOSED:
        delivered = purchase.order.status == OrderStatus.DELIVERED
        return PurchaseState.RECEIVED if delivered else PurchaseState.CANCELLED
    begun = any(line.received for line in purchase.lines.all())
    if purchase.arrived_at and not begun:
        return PurchaseState.TO_RECEIVE
    if purchase.expected_on < now.astimezone(purchase.order.merchant.tz).date():
        return PurchaseState.LATE
    if begun:
        return PurchaseState.PARTLY
    sent = purchase.order.status == OrderStatus.SHIPPED
    return PurchaseState.ON_ITS_WAY if sent else PurchaseState.ORDERED


def _late(coming: QuerySet, now: datetime) -> QuerySet:
    """Expected before today, which is another day for each shop's clock."""
    over = Q(pk__in=[])
    for zone in Merchant.objects.order_by().values_list("zone", flat=True).distinct():
        today = now.astimezone(ZoneInfo(zone)).date()
        over |= Q(order__merchant__zone=zone, expected_on__lt=today)
    return coming.filter(over)


class StateFilter(admin.SimpleListFilter):
    title, parameter_name = "status", "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(PurchaseState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        still = queryset.exclude(order__status__in=CLOSED)
        to_receive = ~Exists(ARRIVED) & Q(arrived_at__isnull=False)
        coming = still.exclude(to_receive)
        late = _late(coming, timezone.now())
        in_time = coming.exclude(pk__in=late)
        match self.value():
            case PurchaseState.TO_RECEIVE:
                return still.filter(to_receive)
            case PurchaseState.LATE:
                return late
            case PurchaseState.PARTLY:
                return in_time.filter(Exists(ARRIVED))
            case PurchaseState.ON_ITS_WAY:
                return in_time.filter(~Exists(ARRIVED), order__status=OrderStatus.SHIPPED)
            case PurchaseState.ORDERED:
                return in_time.filter(~Exists(ARRIVED)).exclude(order__status=OrderStatus.SHIPPED)
            case PurchaseState.RECEIVED:
                return queryset.filter(order__status=OrderStatus.DELIVERED)
            case PurchaseState.CANCELLED:
                return queryset.filter(order__status=OrderStatus.CANCELLED)
        return queryset


class BuyForm(forms.Form):
    supplier = forms.ModelChoiceField(Supplier.objects.none())
    expected_on = forms.DateField(label="Expected on", widget=forms.DateInput(attrs={"type": "date"}))
    reference = forms.CharField(label="Their reference", max_length=60, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)


class WantedForm(forms.Form):
    sku = forms.CharField(label="SKU", max_length=80)
    quantity = forms.IntegerField(label="Pieces", min_value=1, max_value=MAX_QUANTITY)
    unit_cost = forms.DecimalField(
        label="Cost of one", min_value=0, max_digits=10, decimal_places=2, required=False
    )
    supplier_sku = forms.CharField(label="Supplier’s SKU", max_length=80, required=False)


WantedLines = forms.formset_factory(WantedForm, extra=8)


class ScanForm(forms.Form):
    code = forms.CharField(
        label="Scan a product (or type its SKU)",
        max_length=80,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "autocapitalize": "off"}),
    )
    quantity = forms.IntegerField(label="Pieces", min_value=1, max_value=MAX_QUANTITY, initial=1)
    damaged = forms.BooleanField(label="Damaged: not into stock", required=False)
    over = forms.BooleanField(label="More came than was ordered", required=False)
    client_id = forms.UUIDField(widget=forms.HiddenInput)


class LineInline(WalledInline):
    model = PurchaseLine
    fields = readonly_fields = (
        "position", "sku", "supplier_sku", "name", "quantity", "received", "damaged", "unit_cost",
    )  # fmt: skip


class WordInline(WalledInline):
    model = SupplierWord
    verbose_name_plural = "asked and answered"
    fields = readonly_fields = ("at", "kind", "text", "expected_on", "author")


class AnswerForm(forms.Form):
    text = forms.CharField(
        label="What did the supplier say?", max_length=4_000, widget=forms.Textarea(attrs={"rows": 4})
    )
    expected_on = forms.DateField(
        label="New expected day, if one was named",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@admin.action(description="Ask the suppliers of the selected purchases", permissions=["edit"])
def ask(self: "PurchaseAdmin", request: HttpRequest, queryset: QuerySet[Purchase]) -> HttpResponse:
    ids = ",".join(str(pk) for pk in queryset.order_by("pk").values_list("pk", flat=True)[:200])
    return HttpResponseRedirect(f"{reverse('admin:notifications_letter_ask')}?purchases={ids}")


@admin.action(description="Cancel the selected purchases", permissions=["edit"])
def cancel(self: "PurchaseAdmin", request: HttpRequest, queryset: QuerySet[Purchase]) -> None:
    done = 0
    for purchase in queryset.order_by("order_id"):
        if not request.user.may(Can.EDIT, purchase.order.merchant):  # type: ignore[union-attr]
            continue
        try:
            change_status(
                purchase.order_id, OrderStatus.CANCELLED, actor=str(request.user), now=timezone.now()
            )
            done += 1
        except InvalidMove as error:
            self.message_user(request, str(error), messages.WARNING)
    if done:
        self.message_user(request, f"{done} purchase{'s are' if done > 1 else ' is'} cancelled now.")


@admin.register(Purchase)
class PurchaseAdmin(WalledAdmin):
    change_right = None
    change_form_template = "admin/orders/purchase/change_form.html"
    list_display = ["number", "state", "supplier_name", "expected_on", "pieces", "ordered", "shop"]
    list_filter = [StateFilter, "expected_on", MerchantFilter]
    list_select_related = ["order__merchant", "supplier"]
    search_fields = ["=order__number", "supplier__name", "=reference", "=lines__sku", "=lines__supplier_sku"]
    search_help_text = "Number, supplier, their reference, SKU"
    actions = [ask, cancel]
    inlines = [LineInline, WordInline]
    fields: ClassVar[Any] = (
        "number",
        "state",
        "supplier_name",
        "expected_on",
        "reference",
        "pieces",
        "ordered",
        "happened",
    )
    readonly_fields: ClassVar[Any] = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        lines = Prefetch("lines", PurchaseLine.objects.order_by("position"))
        return (
            super()
            .get_queryset(request)
            .select_related("order__merchant", "supplier")
            .prefetch_related(lines)
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.receive_view)
        answer = self.admin_site.admin_view(self.answer_view)
        return [
            path("<int:purchase_id>/receive/", view, name="orders_purchase_receive"),
            path("<int:purchase_id>/answer/", answer, name="orders_purchase_answer"),
            *super().get_urls(),
        ]

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = [name for name in super().get_list_display(request) if name != "shop"]
        user = request.user
        several = isinstance(user, User) and (user.is_superuser or user.merchant_ids().count() > 1)
        return [*columns, "shop"] if several else columns

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "supplier__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description="number", ordering="order__number")
    def number(self, purchase: Purchase) -> str:
        return purchase.order.number

    @admin.display(description="status")
    def state(self, purchase: Purchase) -> SafeString:
        state = state_of(purchase, timezone.now())
        return pill(COLOUR[state], state.label)

    @admin.display(description="supplier", ordering="supplier__name")
    def supplier_name(self, purchase: Purchase) -> SafeString:
        return format_html('<span dir="auto" class="clip">{}</span>', purchase.supplier.name)

    @admin.display(description="received")
    def pieces(self, purchase: Purchase) -> SafeString:
        lines = purchase.lines.all()
        wanted = sum(line.quantity for line in lines)
        got = sum(min(line.received, line.quantity) for line in lines)
        text = f"{got} of {wanted}"
        return format_html('<progress value="{}" max="{}">{}</progress> {}', got, wanted, text, text)

    @admin.display(description="ordered", ordering="pk")
    def ordered(self, purchase: Purchase) -> SafeString | str:
        return short(purchase.order.placed_at, purchase.order.merchant.tz)

    @admin.display(description="merchant", ordering="order__merchant__name")
    def shop(self, purchase: Purchase) -> str:
        return purchase.order.merchant.name

    @admin.display(description="what happened")
    def happened(self, purchase: Purchase) -> SafeString:
        zone = purchase.order.merchant.tz
        rows = (
            (local(fact.occurred_at, zone), fact.get_kind_display(), fact.new, fact.old, fact.actor)
            for fact in purchase.order.events.all()
        )
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}: {} {} {} · {}</li>", rows))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST or None
        form, lines = BuyForm(data, initial={"key": uuid.uuid4()}), WantedLines(data)
        suppliers = Supplier.objects.visible_to(user).filter(active=True)
        if not user.is_superuser:
            suppliers = suppliers.filter(merchant__in=user.merchants_where(Can.EDIT))
        form.fields["supplier"].queryset = suppliers.select_related("merchant")  # type: ignore[attr-defined]
        if request.method == "POST" and form.is_valid() and lines.is_valid():
            said = form.cleaned_data
            wanted = [
                Wanted(
                    row["sku"].strip(), row["quantity"], row["unit_cost"] or Decimal(0), row["supplier_sku"]
                )
                for row in lines.cleaned_data
                if row
            ]
            try:
                purchase = buy(
                    merchant=said["supplier"].merchant, supplier=said["supplier"], lines=wanted,
                    expected_on=said["expected_on"], reference=said["reference"], key=str(said["key"]),
                    now=timezone.now(), actor=user.get_username(),
                )  # fmt: skip
            except Refused as refused:
                for problem in refused.problems:
                    form.add_error(None, problem.message)
            else:
                self.message_user(request, f"{purchase} is written down.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:orders_purchase_change", args=[purchase.pk]))
        context = self.admin_site.each_context(request) | {
            "title": "Add a purchase",
            "opts": self.opts,
            "form": form,
            "lines": lines,
            "none": not suppliers.exists(),
        }
        return TemplateResponse(request, "admin/orders/purchase/add.html", context)

    def answer_view(self, request: HttpRequest, purchase_id: int) -> HttpResponse:
        purchase = self.get_queryset(request).filter(pk=purchase_id).first()
        if purchase is None or not self.has_view_permission(request, purchase):
            raise Http404
        if not isinstance(request.user, User) or not request.user.may(Can.EDIT, purchase.order.merchant):
            raise PermissionDenied
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                answered(
                    purchase.pk, author=request.user.get_username(), now=timezone.now(), **form.cleaned_data
                )
            except PurchaseError as error:
                form.add_error(None, str(error))
            else:
                self.message_user(request, "The answer is kept.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:orders_purchase_change", args=[purchase.pk]))
        context = self.admin_site.each_context(request) | {
            "title": f"What {purchase.supplier.name} said about {purchase}",
            "opts": self.opts,
            "purchase": purchase,
            "form": form,
            "words": purchase.words.all()[:100],
            "zone": purchase.order.merchant.tz,
        }
        return TemplateResponse(request, "admin/orders/purchase/answer.html", context)

    def receive_view(self, request: HttpRequest, purchase_id: int) -> HttpResponse:
        purchase = self.get_queryset(request).filter(pk=purchase_id).first()
        if purchase is None or not self.has_view_permission(request, purchase):
            raise Http404
        if not isinstance(request.user, User) or not request.user.may(Can.SCAN, purchase.order.merchant):
            raise PermissionDenied
        here = reverse("admin:orders_purchase_receive", args=[purchase.pk])
        form = ScanForm(request.POST or None, initial={"client_id": uuid.uuid4()})
        if request.method == "POST":
            try:
                if "finish" in request.POST:
                    finish(purchase.order_id, actor=request.user.get_username(), now=timezone.now())
                    self.message_user(request, f"{purchase} is closed.", messages.SUCCESS)
                    return HttpResponseRedirect(here)
                if form.is_valid():
                    done = receive(
                        purchase.order_id, form.cleaned_data.pop("code"), form.cleaned_data.pop("quantity"),
                        actor=request.user.get_username(), now=timezone.now(), **form.cleaned_data,
                    )  # fmt: skip
                    line = done.line
                    text = f"{line.sku}: {line.received} of {line.quantity} received, {line.damaged} damaged."
                    told = f"Already counted. {text}" if done.repeated else text
                    self.message_user(request, told, messages.WARNING if done.repeated else messages.SUCCESS)
                    return HttpResponseRedirect(here)
            except (PurchaseError, StockError) as error:
                form.is_valid()
                form.add_error("over" if isinstance(error, MoreThanOrdered) else None, str(error))
        context = self.admin_site.each_context(request) | {
            "title": f"Receive {purchase}",
            "opts": self.opts,
            "purchase": purchase,
            "form": form,
            "lines": purchase.lines.all(),
            "closed": purchase.order.status in CLOSED,
        }
        return TemplateResponse(request, "admin/orders/purchase/receive.html", context)
