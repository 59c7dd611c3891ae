"""Sheets of stickers: what they measure, and the page that shows how far a printer is off."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.roles import Can
from shipping.documents.engine import PRESS, render_pdf
from shipping.documents.stickers import calibration_page, problems_of, sheet_of
from shipping.models import LabelSheet


class SheetForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            row = LabelSheet(**{name: cleaned[name] for name in cleaned if name != "merchant"})
            problems = problems_of(sheet_of(row))
            if problems:
                raise forms.ValidationError(problems)
        return cleaned


@admin.register(LabelSheet)
class LabelSheetAdmin(WalledAdmin):
    change_right = add_right = delete_right = Can.SCAN
    form = SheetForm
    list_display = ["name", "paper", "grid", "sticker", "merchant", "calibration"]
    list_filter = ["paper", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["name"]
    readonly_fields = ["calibration"]
    fieldsets = [
        (None, {"fields": ["merchant", "name", "paper"]}),
        (
            "Stickers",
            {"fields": [("rows", "columns"), ("width", "height"), ("gap_x", "gap_y"), ("top", "left")]},
        ),
        ("This printer", {"fields": [("shift_x", "shift_y"), "calibration"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.calibration_view)
        own = [path("<int:sheet_id>/calibration/", view, name="shipping_labelsheet_calibration")]
        return own + super().get_urls()

    def calibration_view(self, request: HttpRequest, sheet_id: int) -> HttpResponse:
        """One page without text to shape to speak of: rendered here, in a few milliseconds."""
        row = self.get_queryset(request).filter(pk=sheet_id).first()
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        with PRESS:
            pdf = render_pdf([calibration_page(row.name, sheet_of(row))], title=f"Calibration · {row.name}")
        headers = {
            "Content-Disposition": 'inline; filename="calibration.pdf"',
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(pdf.data, content_type="application/pdf", headers=headers)

    @admin.display(description="rows × columns")
    def grid(self, sheet: LabelSheet) -> str:
        return f"{sheet.rows} × {sheet.columns}"

    @admin.display(description="sticker")
    def sticker(self, sheet: LabelSheet) -> str:
        return f"{sheet.width.normalize():f} × {sheet.height.normalize():f} mm"

    @admin.display(description="calibration")
    def calibration(self, sheet: LabelSheet) -> str:
        if not sheet.pk:
            return "Save it first; then print its calibration page."
        url = reverse("admin:shipping_labelsheet_calibration", args=[sheet.pk])
        return format_html('<a href="{}" target="_blank" rel="noopener">Print the calibration page</a>', url)
