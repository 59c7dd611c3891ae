from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, Max, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.access import renew_link
from orders.admin.base import MerchantFilter, WalledAdmin, WalledInline
from orders.admin.show import link_list, local, pill, short
from orders.admin.stock import ShortOrderFilter
from orders.lifecycle import InvalidMove, change_status
from orders.models import Order, OrderEvent, OrderLine, ShippingAddress
from orders.roles import Can
from orders.status import OrderStatus


class LineInline(WalledInline):
    model = OrderLine
    fields = readonly_fields = (
        "position",
        "sku",
        "name",
        "quantity",
        "unit_price",
        "reserved",
        "shipped",
    )


class AddressInline(WalledInline):
    model = ShippingAddress
    fields = readonly_fields = (
        "name",
        "company",
        "line1",
        "line2",
        "postal_code",
        "city",
        "region",
        "country",
    )
    verbose_name_plural = "Ship to"


class EventInline(WalledInline):
    model = OrderEvent
    fields = readonly_fields = (
        "occurred_at",
        "kind",
        "old",
        "new",
        "subject",
        "actor",
        "recorded_at",
    )
    verbose_name_plural = "What happened"


def _move(status: OrderStatus, verb: str) -> Callable[[Any, HttpRequest, QuerySet], None]:
    @admin.action(description=f"{verb} the selected orders", permissions=["edit"])
    def action(self: "OrderAdmin", request: HttpRequest, queryset: QuerySet[Order]) -> None:
        done, refused = 0, []
        for order in queryset.select_related("merchant").order_by("pk"):
            if not request.user.may(Can.EDIT, order.merchant):  # type: ignore[union-attr]
                refused.append(f"Order {order.number}: you may not change it.")
                continue
            try:
                change_status(order.pk, status, actor=str(request.user), now=timezone.now())
                done += 1
            except InvalidMove as error:
                refused.append(str(error))
        if done:
            self.message_user(
                request, f"{done} order{'s are' if done > 1 else ' is'} {status.label.lower()} now."
            )
        for text in refused[:10]:
            self.message_user(request, text, messages.WARNING)
        if len(refused) > 10:
            self.message_user(request, f"… and {len(refused) - 10} more were refused.", messages.WARNING)

    action.__name__ = f"make_{status.value}"
    return action


@admin.action(description="Give the selected orders a new tracking link", permissions=["edit"])
def renew_links(self: "OrderAdmin", request: HttpRequest, queryset: QuerySet[Order]) -> None:
    may = request.user.may  # type: ignore[union-attr]
    mine = [order for order in queryset.select_related("merchant")[:500] if may(Can.EDIT, order.merchant)]
    for order in mine:
        renew_link(order.pk)
    if mine:
        self.message_user(
            request,
            f"{len(mine)} new tracking links; the old ones open nothing any more, in mails and on slips too.",
        )


class OrderAdmin(WalledAdmin):
    """Printing and parcels are added by the floor above (`shipping.admin`)."""

    add_right = None
    with_rows: list[Any] = []
    """What the lent columns need, fetched for a whole page of the list at once."""
    list_display = [
        "number",
        "status_pill",
        "recipient",
        "place",
        "total_shown",
        "placed",
        "parcels",
        "merchant",
    ]
    list_display_links = ["number"]
    list_filter = ["status", ShortOrderFilter, "placed_at", MerchantFilter]
    list_select_related = ["merchant", "ship_to"]
    search_fields = [
        "=number",
        "=external_id",
        "=email",
        "^ship_to__name",
        "=shipments__code",
        "=shipments__tracking_number",
    ]
    search_help_text = "Order number, shop's id, e-mail, name, parcel code or tracking number"
    date_hierarchy = None
    actions = [_move(OrderStatus.PROCESSING, "Approve"), _move(OrderStatus.CANCELLED, "Cancel"), renew_links]
    inlines = [AddressInline, LineInline, EventInline]
    fields: ClassVar[Any] = (
        "number", "status_pill", "public_link", "looked_at", "parcels", "merchant", "customer", "email", "phone", "locale", "placed_at",
        "ship_by", "promised_on", "service", "total_shown", "source", "external_id", "gift_message", "note",
    )  # fmt: skip
    readonly_fields: ClassVar[Any] = tuple(
        name for name in fields if name not in ("locale", "gift_message", "note")
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The customer's language is one of ours, or what the shop's system called it when the order came in."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj and "locale" in form.base_fields:
            spoken = dict(settings.LANGUAGES)
            choices = [*spoken.items(), *([] if obj.locale in spoken else [(obj.locale, obj.locale)])]
            form.base_fields["locale"] = forms.ChoiceField(
                choices=choices, label="Language", help_text="Of the customer's mails, messages and page."
            )
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related(*self.with_rows)

    @admin.display(description="status", ordering="status")
    def status_pill(self, order: Order) -> SafeString:
        return pill(order.status, order.get_status_display())

    @admin.display(description="to")
    def recipient(self, order: Order) -> SafeString:
        return format_html('<span dir="auto" class="clip">{}</span>', order.ship_to.name)

    @admin.display(description="place")
    def place(self, order: Order) -> SafeString:
        return format_html(
            '<span dir="auto" class="clip">{}, {}</span>', order.ship_to.city, order.ship_to.country
        )

    @admin.display(description="total", ordering="total")
    def total_shown(self, order: Order) -> str:
        return f"{order.total:,.2f} {order.currency}"

    @admin.display(description="placed", ordering="placed_at")
    def placed(self, order: Order) -> SafeString | str:
        return short(order.placed_at, order.merchant.tz)

    @admin.display(description="parcels")
    def parcels(self, order: Order) -> SafeString:
        return link_list("shipping_shipment", "Parcels", order__id__exact=order.pk)

    @admin.display(description="customer's page")
    def public_link(self, order: Order) -> SafeString:
        return format_html('<a href="/t/{}/">/t/{}/</a>', order.public_key, order.public_key)

    @admin.display(description="page looked at")
    def looked_at(self, order: Order) -> str:
        seen = order.page_views.aggregate(
            views=Sum("views"), visitors=Count("visitor", distinct=True), last=Max("last_at")
        )
        if not seen["views"]:
            return "Never"
        return f"{seen['views']} times by {seen['visitors']} visitors, last {local(seen['last'], order.merchant.tz)}"

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "customer__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


admin.site.register(Order, OrderAdmin)
