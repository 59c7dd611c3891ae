"""The admin behind the walls: rows, choices, filters and rights all start from the signed-in person."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Model, QuerySet
from django.db.models.fields.related import ForeignKey, RelatedField
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from orders.models import Merchant, User
from orders.roles import Can


class MerchantFilter(SimpleListFilter):
    """Filter by merchant; shown only to people who have more than one, and only with theirs."""

    title = "merchant"
    parameter_name = "merchant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        mine = Merchant.objects.visible_to(request.user).values_list("pk", "name")[:50]
        return [(str(pk), name) for pk, name in mine] if len(mine) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value():
            if not str(self.value()).isdigit():
                return queryset.none()
            return queryset.filter(**{queryset.model.merchant_path: self.value()})
        return queryset


def _has_one(request: HttpRequest) -> bool:
    """Whether this person sees one merchant only; asked once a request."""
    if not hasattr(request, "has_one_merchant"):
        request.has_one_merchant = len(Merchant.objects.visible_to(request.user).values("pk")[:2]) == 1  # type: ignore[attr-defined]
    return bool(request.has_one_merchant)  # type: ignore[attr-defined]


def merchant_of(obj: Model) -> Merchant | None:
    """The merchant a row belongs to, by its model's `merchant_path`."""
    target: Any = obj
    for step in obj.merchant_path.split("__"):  # type: ignore[attr-defined]
        target = obj if step == "pk" else getattr(target, step, None)
    return target


class WalledAdmin(admin.ModelAdmin):
    """Base of every admin page of a merchant-owned model.

    `change_right`, `add_right` and `delete_right` name the right that each needs; None means nobody may
    (facts are not edited). Platform staff (superusers) pass the walls, not the Nones.
    """

    change_right: Can | None = Can.EDIT
    add_right: Can | None = Can.EDIT
    delete_right: Can | None = None
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        queryset = self.model._default_manager.visible_to(request.user)
        ordering = self.get_ordering(request)
        return queryset.order_by(*ordering) if ordering else queryset

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the merchant's column for who has one merchant only."""
        columns = super().get_list_display(request)
        if "merchant" in columns and _has_one(request):
            return [column for column in columns if column != "merchant"]
        return columns

    @admin.display(
        description=mark_safe(
            '<input type="checkbox" id="action-toggle" aria-label="Choose all on this page">'
        )
    )
    def action_checkbox(self, obj: Model) -> SafeString:
        """As Django's, which renders a widget's template for each row."""
        return format_html(
            '<input type="checkbox" name="_selected_action" value="{}" class="action-select"'
            ' aria-label="Select this object for an action - {}">',
            obj.pk, obj,
        )  # fmt: skip

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Can.VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, Can.VIEW, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.change_right, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.add_right)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.delete_right, obj)

    def has_scan_permission(self, request: HttpRequest) -> bool:
        """For actions that print or pack: `@admin.action(permissions=["scan"])`."""
        return self._may(request, Can.SCAN)

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Can.EDIT)

    def _may(self, request: HttpRequest, right: Can | None, obj: Any = None) -> bool:
        user = request.user
        if right is None or not isinstance(user, User):
            return False
        return user.may(right, merchant_of(obj) if obj is not None else None)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row = kwargs.get("obj") or None
        context["may_scan"] = self._may(request, Can.SCAN, row)
        context["may_edit"] = self._may(request, Can.EDIT, row)
        return super().render_change_form(request, context, *args, **kwargs)

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        choices = kwargs.setdefault("queryset", choices_for(db_field, request, self.change_right or Can.VIEW))
        if choices.model is Merchant and len(only := choices[:2]) == 1:
            kwargs.setdefault("initial", only[0])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        merchant = merchant_of(obj)
        right = self.change_right if change else self.add_right
        if merchant is not None and not (right and request.user.may(right, merchant)):  # type: ignore[union-attr]
            from django.core.exceptions import PermissionDenied

            raise PermissionDenied
        super().save_model(request, obj, form, change)


class WalledInline(admin.TabularInline):
    """Rows shown under their parent. Read-only unless a subclass says otherwise: facts are not edited."""

    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.model._default_manager.visible_to(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return isinstance(request.user, User) and request.user.may(
            Can.VIEW, merchant_of(obj) if obj else None
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_for(db_field, request, Can.EDIT))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def choices_for(db_field: RelatedField, request: HttpRequest, right: Can) -> QuerySet:
    """What a foreign key may point at: the person's own rows, and of merchants those where they have the right."""
    model = db_field.related_model
    user: Any = request.user
    if model is Merchant:
        mine = Merchant.objects.visible_to(user)
        return mine if user.is_superuser else mine.filter(pk__in=user.merchants_where(right))
    if model is User:
        people = User.objects.all()
        return (
            people
            if user.is_superuser
            else people.filter(memberships__merchant__in=user.merchant_ids()).distinct()
        )
    return model._default_manager.visible_to(user)  # type: ignore[attr-defined]


class AskFirstAdmin(WalledAdmin):
    """Shows what a change would do before it is kept: the form's first post leads to that page, and its button sends the same
    fields again with `_sure`."""

    def before_it_is_kept(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The page, or None where there is nothing to ask."""
        return None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        asked = request.method == "POST" and "_sure" not in request.POST
        page = self.before_it_is_kept(request, object_id) if asked else None
        return page or super().changeform_view(request, object_id, form_url, extra_context)
