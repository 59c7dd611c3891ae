"""The public page of one order, and the same region alone for the page's own polling."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from orders.access import Tier, log_view, tier_of
from orders.models import Order
from tracker import languages
from tracker.limits import address_of
from tracker.said import SAID
from tracker.tracking_page import build, find_order
from tracker.tracking_shapes import TrackingPage

COOKIE = "tracking"
"""The cookie in which a visitor who proved more than the link keeps that; set on the page's own path only."""


@require_safe
def tracking(request: HttpRequest, public_key: str) -> HttpResponse:
    order, tier = _order(request, public_key)
    if request.method == "GET":
        agent = request.headers.get("User-Agent", "")[:400]
        log_view(order, tier=tier, address=address_of(request), agent=agent, now=timezone.now())
    with languages.of_order(request, order) as language:
        page, main, etag = _page(order, tier)
        said = SAID.get(request.GET.get("said", ""))
        context = {"page": page, "main": main, "etag": etag, "public_key": public_key, "said": said}
        context["language"] = language
        return _private(render(request, "tracker/tracking.html", context), etag, language)


@require_safe
def live(request: HttpRequest, public_key: str) -> HttpResponse:
    """The main region; 304 while it would read the same."""
    order, tier = _order(request, public_key)
    with languages.of_order(request, order) as language:
        _, main, etag = _page(order, tier)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _private(HttpResponseNotModified(), etag, language)
    return _private(HttpResponse(main), etag, language)


def _order(request: HttpRequest, public_key: str) -> tuple[Order, Tier]:
    order = find_order(public_key)
    if order is None:
        raise Http404
    return order, tier_of(request.COOKIES.get(COOKIE, ""), order)


def _page(order: Order, tier: Tier) -> tuple[TrackingPage, str, str]:
    page = build(order, now=timezone.now(), tier=tier)
    context = {"page": page, "public_key": order.public_key, "language": translation.get_language()}
    main = render_to_string("tracker/_tracking_main.html", context)
    return page, main, f'"{hashlib.sha256(main.encode()).hexdigest()[:32]}"'


def _private(response: HttpResponse, etag: str, language: str) -> HttpResponse:
    response["ETag"] = etag
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
