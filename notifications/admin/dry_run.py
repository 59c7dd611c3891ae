"""The page before a change of what customers are told: last month's facts, decided once more."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from notifications.rehearsal import Rehearsal, rehearse
from notifications.wishes import settings_of
from orders.admin.base import WalledAdmin
from orders.admin.merchants import MerchantAdmin
from orders.models import Merchant


def page(site: WalledAdmin, request: HttpRequest, told: Rehearsal, merchant: Merchant) -> HttpResponse:
    """What was typed goes along, to be kept with one more click."""
    context = admin.site.each_context(request) | {
        "title": "What this change would have done",
        "opts": site.model._meta,
        "told": told,
        "zone": merchant.tz,
        "files": bool(request.FILES),
        "sent": posted(request),
    }
    return TemplateResponse(request, "notifications/admin/dry_run.html", context)


def posted(request: HttpRequest) -> list[tuple[str, Any]]:
    fields = request.POST.lists()
    return [(name, value) for name, values in fields for value in values if name != "csrfmiddlewaretoken"]


def of_channels(site: WalledAdmin, request: HttpRequest, object_id: str) -> HttpResponse | None:
    """Of a whole channel switched on or off at the merchant."""
    row = site.get_object(request, object_id)
    if row is None or not site.has_change_permission(request, row):
        return None
    form = site.get_form(request, row, change=True)(request.POST, request.FILES, instance=row)
    if not form.is_valid() or not {"notify_email", "notify_sms"} & set(form.changed_data):
        return None
    then, now_on = form.save(commit=False), Merchant.objects.get(pk=row.pk)
    shop = settings_of(now_on)
    told = rehearse(now_on, shop, shop, now=timezone.now(), then=then)
    return page(site, request, told, now_on) if told.changes else None


MerchantAdmin.asked_first.append(of_channels)
