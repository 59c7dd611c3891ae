"""The shelf in the admin: products with what is on hand, one page to receive, adjust or count, and every move."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders import stock
from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_list, local
from orders.models import OrderLine, Product, StockMove, User
from orders.roles import Can
from orders.status import OrderStatus

WAITING = OrderLine.objects.filter(
    product__track_stock=True, quantity__gt=F("reserved") + F("shipped")
).exclude(order__status__in=[OrderStatus.CANCELLED, OrderStatus.DELIVERED])
"""Lines of open orders whose pieces are not there."""


class StockForm(forms.Form):
    """What happened to the shelf. `what` decides what the number means."""

    what = forms.ChoiceField(
        label="What happened",
        choices=[("receive", "Pieces came in"), ("count", "I counted"), ("adjust", "Change by")],
        widget=forms.RadioSelect,
        initial="receive",
    )
    number = forms.IntegerField(
        label="Pieces",
        help_text="Came in: how many. Counted: how many lie there. Change: how many more, or −3 for fewer.",
    )
    reason = forms.CharField(
        max_length=200, required=False, help_text="Delivery note, or why; needed for a change."
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class ShortFilter(admin.SimpleListFilter):
    title, parameter_name = "stock", "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("needed", "Orders wait for it"), ("out", "None available"), ("there", "Available")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        counted = queryset.filter(track_stock=True)
        if self.value() == "needed":
            return counted.filter(Exists(WAITING.filter(product=OuterRef("pk"))))
        if self.value() == "out":
            return counted.filter(on_hand__lte=F("reserved"))
        return counted.filter(on_hand__gt=F("reserved")) if self.value() == "there" else queryset


class ShortOrderFilter(admin.SimpleListFilter):
    """Of orders: whether all that was ordered is there."""

    title, parameter_name = "stock", "short"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Short"), ("no", "All there")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() not in ("yes", "no"):
            return queryset
        waits = Exists(WAITING.filter(order=OuterRef("pk")))
        return queryset.filter(waits if self.value() == "yes" else ~waits)


class MoveInline(WalledInline):
    model = StockMove
    fields = readonly_fields = ("at", "kind", "quantity", "balance", "reason", "reference", "actor")
    verbose_name_plural = "The last 50 moves"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        newest = super().get_queryset(request)
        product = request.resolver_match and request.resolver_match.kwargs.get("object_id", "")
        if not str(product).isdecimal():
            return newest.none()
        last = list(newest.filter(product_id=product).values_list("pk", flat=True)[:50])
        return newest.filter(pk__in=last)


@admin.register(Product)
class ProductAdmin(WalledAdmin):
    delete_right = None
    change_right = add_right = Can.EDIT
    change_form_template = "admin/orders/product/change_form.html"
    list_display = ["sku", "name", "bin", "on_hand", "reserved", "available_shown", "track_stock", "merchant"]
    list_filter = [ShortFilter, "track_stock", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["^sku", "^name", "=gtin", "^bin"]
    inlines = [MoveInline]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        base = [
            "merchant",
            "sku",
            "gtin",
            "name",
            "bin",
            "weight_g",
            "track_stock",
            "allow_negative",
            "dropship_supplier",
            "on_hand",
        ]
        return [*base, "reserved", "available_shown", "moves_link"] if obj else base

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        shown = ["reserved", "available_shown", "moves_link"]
        return ["merchant", "sku", "on_hand", *shown] if obj else shown

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.stock_view)
        return [path("<int:product_id>/stock/", view, name="orders_product_stock"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Product, form: Any, change: bool) -> None:
        if not change and obj.on_hand < 0:
            obj.on_hand = 0
        super().save_model(request, obj, form, change)
        if not change:
            stock.open_ledger(obj, actor=str(request.user), now=timezone.now())

    @admin.display(description="available", ordering=F("on_hand") - F("reserved"))
    def available_shown(self, product: Product) -> int:
        return product.available

    @admin.display(description="moves")
    def moves_link(self, product: Product) -> SafeString:
        return link_list("orders_stockmove", "All moves", product__id__exact=product.pk)

    def stock_view(self, request: HttpRequest, product_id: int) -> HttpResponse:
        product = self.get_queryset(request).select_related("merchant").filter(pk=product_id).first()
        if product is None or not self.has_view_permission(request, product):
            raise Http404
        if not isinstance(request.user, User) or not request.user.may(Can.SCAN, product.merchant):
            raise PermissionDenied
        form = StockForm(request.POST or None, initial={"seen": product.on_hand})
        if request.method == "POST" and form.is_valid():
            try:
                done = self._change(product, form.cleaned_data, request.user.get_username())
            except stock.StockError as error:
                form.add_error(None, str(error))
            else:
                done.refresh_from_db()
                text = f"{done.sku}: {done.on_hand} on hand, {done.reserved} promised, {done.available} available."
                self.message_user(request, text, messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:orders_product_stock", args=[product.pk]))
        context = self.admin_site.each_context(request) | {
            "title": f"Stock of {product.sku}",
            "opts": self.opts,
            "product": product,
            "form": form,
            "moves": product.moves.all()[:20],
            "waiting": WAITING.filter(product=product).count(),
        }
        return TemplateResponse(request, "admin/orders/product/stock.html", context)

    def _change(self, product: Product, said: dict[str, Any], actor: str) -> Product:
        """`seen` is what the page showed: a count made against other numbers is refused, for pieces were moved
        meanwhile."""
        now = timezone.now()
        if said["what"] == "receive":
            return stock.receive(product.pk, said["number"], actor=actor, now=now, reference=said["reason"])
        if said["what"] == "adjust":
            return stock.adjust(product.pk, said["number"], said["reason"], actor=actor, now=now)
        if said["seen"] != Product.objects.values_list("on_hand", flat=True).get(pk=product.pk):
            raise stock.StockError(
                "The number on hand changed while you counted. Look at it again, then save."
            )
        return stock.count(product.pk, said["number"], actor=actor, now=now, reason=said["reason"])


@admin.register(StockMove)
class StockMoveAdmin(WalledAdmin):
    change_right = add_right = None
    list_display = ["at_shown", "product_link", "kind", "signed", "balance", "reason", "reference", "actor"]
    list_filter = ["kind", MerchantFilter]
    list_select_related = ["product__merchant"]
    search_fields = ["=product__sku", "^product__name", "=reference", "=actor"]
    search_help_text = "SKU, name, parcel or delivery note, person"
    ordering = ["-pk"]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "product__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description="when", ordering="pk")
    def at_shown(self, move: StockMove) -> str:
        return local(move.at, move.product.merchant.tz)

    @admin.display(description="product", ordering="product__sku")
    def product_link(self, move: StockMove) -> SafeString:
        url = reverse("admin:orders_product_stock", args=[move.product_id])
        return format_html('<a href="{}">{}</a>', url, move.product.sku)

    @admin.display(description="pieces", ordering="quantity")
    def signed(self, move: StockMove) -> str:
        return f"{move.quantity:+d}".replace("-", "−")
