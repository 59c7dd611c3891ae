from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from orders.admin.base import AskFirstAdmin, MerchantFilter, WalledAdmin
from orders.brand import explained, poor
from orders.models import Location, Membership, Merchant, User
from orders.roles import Can

AskFirst = Callable[[WalledAdmin, HttpRequest, str], HttpResponse | None]
NOT_REACHABLE = (
    "No support e-mail, phone or page: customers who need help are told to answer the mail "
    "in which the shop confirmed their order."
)


@admin.register(Merchant)
class MerchantAdmin(AskFirstAdmin):
    class Media:
        css = {"all": ["css/brand-preview.css"]}
        js = ["js/brand.js"]

    change_right, add_right = Can.MANAGE, None
    list_display = ["name", "slug", "zone", "currency", "support_email"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug"]}),
        ("Brand", {"fields": ["logo", "colour", "footer", "brand_preview"]}),
        (
            "Contact",
            {
                "fields": ["support_email", "support_phone", "support_url"],
                "description": "Customers whose parcel is in trouble are told to contact the shop, by what stands here.",
            },
        ),
        ("Place and words", {"fields": ["zone", "locale", "currency", "order_prefix"]}),
        (
            "Promise",
            {"fields": ["handling_days", "cutoff", "holiday_country", "silent_days", "acceptance_hours"]},
        ),
        ("Packing", {"fields": ["typed_quantities"]}),
        ("Paper", {"fields": ["paper", "label_size", "slip_prices"]}),
        ("Notices", {"fields": ["notify_email", "notify_sms"]}),
    ]

    asked_first: ClassVar[list[AskFirst]] = []
    """Pages of the floors above that stand before a change: each is asked whether it has something to show."""

    def before_it_is_kept(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        pages = (ask(self, request, object_id) for ask in self.asked_first if object_id)
        return next(filter(None, pages), None)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.save()

        if not obj.reachable:
            self.message_user(request, NOT_REACHABLE, messages.WARNING)
        if not change or "colour" in form.changed_data:
            level = messages.WARNING if poor(obj.colour) else messages.INFO
            for line in explained(obj.colour):
                self.message_user(request, line, level)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["slug", "brand_preview"] if obj else ["brand_preview"]

    @admin.display(description="How it looks")
    def brand_preview(self, merchant: Merchant | None) -> SafeString:
        shown = merchant or Merchant()
        context = {"merchant": shown, "schemes": ["light", "dark"], "said": explained(shown.colour)}
        return render_to_string("admin/orders/merchant/preview.html", context)


@admin.register(Location)
class LocationAdmin(WalledAdmin):
    change_right = add_right = delete_right = Can.MANAGE
    list_display = ["name", "kind", "city", "country", "merchant"]
    list_filter = ["kind", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["name", "city"]


@admin.register(Membership)
class MembershipAdmin(WalledAdmin):
    change_right = add_right = delete_right = Can.MANAGE
    list_display = ["user", "role", "merchant"]
    list_filter = ["role", MerchantFilter]
    list_select_related = ["user", "merchant"]
    search_fields = ["user__username", "user__email"]


@admin.register(User)
class PersonAdmin(UserAdmin):
    """Accounts are made by platform staff (superusers); what a person may do follows from memberships."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
