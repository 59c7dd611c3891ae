"""Saved views of the queue: a person's own filters by name."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from orders.admin.base import WalledAdmin
from orders.models import Merchant
from shipping.lateness.queue import FACETS
from shipping.models import SavedView

MOST = 30
_KEPT = (*FACETS, "state", "merchant", "q", "o")


def urls(site: WalledAdmin) -> list[URLPattern]:
    view = site.admin_site.admin_view(require_POST(partial(change_views, site)))
    return [path("views/", view, name="shipping_latecase_views")]


def query_of(request: HttpRequest) -> str:
    """What of the address a view keeps."""
    return urlencode([(name, request.GET[name]) for name in _KEPT if request.GET.get(name)])


def views_of(request: HttpRequest) -> list[SavedView]:
    return list(SavedView.objects.visible_to(request.user).filter(owner=request.user.pk)[:MOST])


def change_views(site: WalledAdmin, request: HttpRequest) -> HttpResponse:
    """Save one under a name, or forget one."""
    user: Any = request.user
    merchant = Merchant.objects.visible_to(user).order_by("pk").first()
    if merchant is None or not site.has_view_permission(request):
        raise Http404
    mine = SavedView.objects.filter(owner=user)
    back = reverse("admin:shipping_latecase_changelist")
    query = request.POST.get("query", "")[:500]
    if gone := request.POST.get("forget", ""):
        mine.filter(pk=int(gone) if gone.isascii() and gone.isdigit() else 0).delete()
        return HttpResponseRedirect(f"{back}?{query}")
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        messages.error(request, "Give the view a name.")
    elif mine.count() >= MOST and not mine.filter(name=name).exists():
        messages.error(request, f"You have {MOST} views; forget one first.")
    else:
        SavedView.objects.update_or_create(
            owner=user, name=name, defaults={"query": query, "merchant": merchant}
        )
        messages.success(request, f"Saved as “{name}”.")
    return HttpResponseRedirect(f"{back}?{query}")
