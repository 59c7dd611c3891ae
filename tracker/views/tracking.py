"""The public page of one order, and the same region alone for the page's own polling."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from orders.models import Order
from tracker import languages
from tracker.tracking_page import build, find_order
from tracker.tracking_shapes import TrackingPage


@require_safe
def tracking(request: HttpRequest, public_key: str) -> HttpResponse:
    order = _order(public_key)
    with languages.of_order(request, order) as language:
        page, main, etag = _page(order)
        context = {"page": page, "main": main, "etag": etag, "public_key": public_key}
        return _private(render(request, "tracker/tracking.html", context), etag, language)


@require_safe
def live(request: HttpRequest, public_key: str) -> HttpResponse:
    """The main region; 304 while it would read the same."""
    order = _order(public_key)
    with languages.of_order(request, order) as language:
        _, main, etag = _page(order)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _private(HttpResponseNotModified(), etag, language)
    return _private(HttpResponse(main), etag, language)


def _order(public_key: str) -> Order:
    order = find_order(public_key)
    if order is None:
        raise Http404
    return order


def _page(order: Order) -> tuple[TrackingPage, str, str]:
    page = build(order, now=timezone.now())
    main = render_to_string("tracker/_tracking_main.html", {"page": page})
    return page, main, f'"{hashlib.sha256(main.encode()).hexdigest()[:32]}"'


def _private(response: HttpResponse, etag: str, language: str) -> HttpResponse:
    response["ETag"] = etag
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
