from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_list
from orders.models import Customer


@admin.register(Customer)
class CustomerAdmin(WalledAdmin):
    add_right = None
    list_display = ["name", "email", "phone", "locale", "orders_link", "merchant"]
    list_filter = [MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["^name", "^email", "=phone"]
    readonly_fields = ["merchant", "created_at"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(order_count=Count("orders"))

    @admin.display(description="orders", ordering="order_count")
    def orders_link(self, customer: Customer) -> str:
        return link_list("orders_order", str(customer.order_count), customer__id__exact=customer.pk)  # type: ignore[attr-defined]
