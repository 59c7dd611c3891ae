from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from orders.models import Merchant
from tracker.brand_css import sheet, version


def _etag(request: HttpRequest, slug: str) -> str | None:
    merchant = Merchant.objects.filter(slug=slug).only("pk", "colour", "logo").first()
    return f'"{version(merchant)}"' if merchant else None


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=_etag)
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    """The merchant's colours and logo, for its public pages."""
    return HttpResponse(sheet(get_object_or_404(Merchant, slug=slug)), content_type="text/css; charset=utf-8")
