"""A shop's own words for its notices: written, looked at on a real order, sent to oneself, then put to use."""

from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from notifications.admin import preview
from notifications.carried import carried
from notifications.models import NoticeText
from notifications.own import NAMES, unknown
from orders.admin.base import AskFirstAdmin, MerchantFilter
from orders.roles import Can


class TextForm(forms.ModelForm):
    language = forms.ChoiceField(choices=settings.LANGUAGES)

    class Meta:
        model = NoticeText
        fields = ["merchant", "milestone", "channel", "language", "subject", "body", "on"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for field in ("subject", "body"):
            if wrong := unknown(said.get(field) or ""):
                names = ", ".join(f"{{{name}}}" for name in NAMES)
                self.add_error(field, f"“{wrong[0]}” is not known. What is filled in: {names}.")
        return said


@admin.register(NoticeText)
class NoticeTextAdmin(AskFirstAdmin):
    change_right = add_right = delete_right = Can.MANAGE
    form = TextForm
    list_display = ["milestone", "channel", "language", "subject", "on", "merchant"]
    list_filter = ["on", "channel", "milestone", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["subject", "body"]
    ordering = ["-pk"]
    fieldsets = [
        (
            None,
            {
                "fields": ["merchant", "milestone", "channel", "language", "subject", "body", "on"],
                "description": "Filled in: "
                + "; ".join(f"{{{name}}} {what}" for name, what in NAMES.items())
                + ".",
            },
        )
    ]
    change_form_template = "notifications/admin/text_form.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(partial(preview.preview, self))
        return [
            path("<int:text_id>/preview/", view, name="notifications_noticetext_preview"),
            *super().get_urls(),
        ]

    def before_it_is_kept(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        row = self.get_object(request, object_id) if object_id else None
        if not (self.has_change_permission(request, row) if row else self.has_add_permission(request)):
            return None
        was_on = bool(row and row.on)
        form = self.get_form(request, row, change=row is not None)(request.POST, instance=row)
        said = {"body", "subject", "on", "language", "milestone", "channel", "merchant"}
        if not form.is_valid() or not said & set(form.changed_data):
            return None
        text = form.save(commit=False)
        if not (text.on or was_on):
            return None
        told = carried(text, now=timezone.now())
        return preview.before_it_is_kept(self, request, text, told) if told.notices else None
