from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.admin.base import MerchantFilter, WalledAdmin
from orders.admin.show import pill
from orders.intake import jobs
from orders.models import ImportJob
from orders.queue import enqueue
from orders.roles import Can
from orders.tasks import run_import


class UploadForm(forms.ModelForm):
    class Meta:
        model = ImportJob
        fields = ["merchant", "file", "dry_run"]
        help_texts = {
            "file": "CSV, one row for each order line. The columns are documented in docs/csv.md.",
            "dry_run": "Say what would happen and store nothing.",
        }

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(
                f"The file is over {settings.IMPORT_MAX_BYTES // 1_000_000} MB; split it."
            )
        return file


@admin.register(ImportJob)
class ImportJobAdmin(WalledAdmin):
    change_right = None
    list_display = ["filename", "state_pill", "percent_done", "created_orders", "existing_orders", "refused_orders", "dry_run",
                    "created_at", "merchant"]  # fmt: skip
    list_filter = ["state", "dry_run", MerchantFilter]
    list_select_related = ["merchant"]
    search_fields = ["filename"]
    add_form_template = "admin/orders/importjob/add_form.html"
    change_form_template = "admin/orders/importjob/progress.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = UploadForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("merchant", "file", "dry_run") if obj is None else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        from orders.admin.base import choices_for

        mine = choices_for(db_field, request, Can.EDIT)
        kwargs["queryset"] = mine
        if db_field.name == "merchant" and mine.count() == 1:
            kwargs["initial"] = mine.get()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ImportJob, form: Any, change: bool) -> None:
        if not request.user.may(Can.EDIT, obj.merchant):  # type: ignore[union-attr]
            raise PermissionDenied
        upload = form.cleaned_data["file"]
        job = jobs.start(
            merchant=obj.merchant,
            user=request.user,  # type: ignore[arg-type]
            file=upload,
            filename=upload.name,
            dry_run=obj.dry_run,
        )
        obj.pk, obj._state.adding = job.pk, False
        enqueue(run_import, job.pk)

    def response_add(
        self, request: HttpRequest, obj: ImportJob, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:orders_importjob_change", args=[obj.pk]))

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        job = kwargs.get("obj")
        if job is not None:
            context |= {
                "job": job,
                "issues": job.issues.all()[:200],
                "issue_count": job.issues.count(),
                "title": job.filename,
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="state", ordering="state")
    def state_pill(self, job: ImportJob) -> SafeString:
        return pill(job.state, job.get_state_display())

    @admin.display(description="progress")
    def percent_done(self, job: ImportJob) -> SafeString:
        return format_html('<progress max="100" value="{}">{} %</progress>', job.percent, job.percent)
