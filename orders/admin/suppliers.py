from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import link_list
from orders.models import Supplier


@admin.register(Supplier)
class SupplierAdmin(WalledAdmin):
    list_display = ["name", "contact", "email", "phone", "lead_days", "active", "bought", "merchant"]
    list_filter = ["active", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["name", "contact", "=email"]
    search_help_text = "Name, person or e-mail"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(bought_count=Count("purchases"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["merchant"] if obj else []

    @admin.display(description="purchases")
    def bought(self, supplier: Supplier) -> SafeString:
        text = str(supplier.bought_count)  # type: ignore[attr-defined]
        return link_list("orders_purchase", text, supplier__id__exact=supplier.pk)
