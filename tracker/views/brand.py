from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

from orders.models import Merchant
from tracker.brand_css import logo, sheet, version
from tracker.brand_icon import icon


def _etag(request: HttpRequest, slug: str, **rest: int | str) -> str | None:
    merchant = Merchant.objects.filter(slug=slug).only("pk", "colour", "logo").first()
    return f'"{version(merchant)}"' if merchant else None


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=_etag)
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    """The merchant's colours, for its public pages."""
    return HttpResponse(sheet(get_object_or_404(Merchant, slug=slug)), content_type="text/css; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=300)
@condition(etag_func=_etag)
def picture(request: HttpRequest, slug: str, size: int) -> HttpResponse:
    """The merchant's icon for a phone's home screen."""
    return HttpResponse(icon(get_object_or_404(Merchant, slug=slug), size), content_type="image/png")


@require_safe
@condition(etag_func=_etag)
def picture_of_logo(request: HttpRequest, slug: str, revision: str) -> HttpResponse:
    """The merchant's logo as its pages show it. By an old revision's address comes the present one, for a short while."""
    merchant = get_object_or_404(Merchant, slug=slug)
    drawn = logo(merchant)
    if not drawn:
        raise Http404
    answer = HttpResponse(drawn, content_type="image/webp")
    lasts = {"max_age": 31_536_000, "immutable": True} if revision == version(merchant) else {"max_age": 300}
    patch_cache_control(answer, public=True, **lasts)
    return answer
