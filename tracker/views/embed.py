"""The page on a home screen, and the shop's own small script that opens the lookup."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracker import languages
from tracker.tracking_page import find_order


@require_safe
def manifest(request: HttpRequest, public_key: str) -> HttpResponse:
    """What a phone needs to put this order's page onto its home screen."""
    order = find_order(public_key)
    if order is None:
        raise Http404
    place = reverse("tracking", args=[public_key])
    with languages.of_order(request, order) as language:
        said = {
            "id": place,
            "dir": "rtl" if get_language_bidi() else "ltr",
            "name": _("Order %(number)s, %(shop)s") % {"number": order.number, "shop": order.merchant.name},
            "short_name": order.number,
            "lang": language,
            "start_url": f"{place}?lang={language}",
            "scope": place,
            "display": "standalone",
            "background_color": "#f4f5f7",
            "theme_color": order.merchant.colour,
            "icons": [
                {
                    "src": reverse(f"brand-{size}", args=[order.merchant.slug]),
                    "sizes": f"{size}x{size}",
                    "type": "image/png",
                    "purpose": "any maskable",
                }
                for size in (192, 512)
            ],
        }
    answer = JsonResponse(
        said, content_type="application/manifest+json", headers={"Cache-Control": "no-store"}
    )
    answer["Referrer-Policy"] = "no-referrer"
    return answer
