from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.models import ApiToken
from orders.models.token import new_token
from orders.roles import Can


@admin.register(ApiToken)
class ApiTokenAdmin(WalledAdmin):
    change_right, add_right = None, Can.MANAGE
    list_display = ["name", "hint", "created_by", "created_at", "used_at", "revoked_at", "merchant"]
    list_filter = [MerchantFilter]
    list_select_related = ["merchant", "created_by"]
    search_fields = ["name", "=hint"]
    actions = ["revoke"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            ["merchant", "name"]
            if obj is None
            else ["merchant", "name", "hint", "created_by", "created_at", "used_at", "revoked_at"]
        )

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Can.MANAGE)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        token, obj.hint, obj.digest = new_token()
        obj.created_by = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)
        messages.warning(request, f"Copy the token now, it is not shown again: {token}")

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        user: Any = request.user
        mine = (
            queryset if user.is_superuser else queryset.filter(merchant__in=user.merchants_where(Can.MANAGE))
        )
        count = mine.filter(revoked_at=None).update(revoked_at=timezone.now())
        self.message_user(request, f"{count} revoked; programs that use them are refused from now on.")
