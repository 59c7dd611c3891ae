"""The public page of one order, and the same region alone for the page's own polling."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
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
    _log(request, order, tier)
    with languages.of_order(request, order) as language:
        page, main, etag = _page(order, tier)
        said = SAID.get(request.GET.get("said", ""))
        context = {"page": page, "main": main, "etag": etag, "public_key": public_key, "said": said}
        context["language"] = language
        mark = "" if request.method == "HEAD" else etag
        return _private(render(request, "tracker/tracking.html", context), mark, language)


@require_safe
def live(request: HttpRequest, public_key: str) -> HttpResponse:
    """The main region; 304 while it would read the same. Without the mark that our own page asks with it is a look like another."""
    order, tier = _order(request, public_key)
    with languages.of_order(request, order) as language:
        _, main, etag = _page(order, tier)
    known = [one.removeprefix("W/") for one in parse_etags(request.headers.get("If-None-Match", ""))]
    if etag in known:
        return _private(HttpResponseNotModified(), etag, language)
    if not any(_is_ours(one, order) for one in known):
        _log(request, order, tier)
    return _private(HttpResponse(main), "" if request.method == "HEAD" else etag, language)


def _order(request: HttpRequest, public_key: str) -> tuple[Order, Tier]:
    order = find_order(public_key)
    if order is None:
        raise Http404
    return order, tier_of(request.COOKIES.get(COOKIE, ""), order)


def _page(order: Order, tier: Tier) -> tuple[TrackingPage, str, str]:
    page = build(order, now=timezone.now(), tier=tier)
    context = {"page": page, "public_key": order.public_key, "language": translation.get_language()}
    main = render_to_string("tracker/_tracking_main.html", context)
    return page, main, _etag(hashlib.sha256(main.encode()).hexdigest()[:32], order)


def _etag(digest: str, order: Order) -> str:
    """Signed: who asks for news with one has been given the page before, and that look is in the log."""
    return f'"{digest}{salted_hmac("page etag", digest + order.public_key).hexdigest()[:16]}"'


def _is_ours(etag: str, order: Order) -> bool:
    return constant_time_compare(etag, _etag(etag.strip('"')[:32], order))


def _log(request: HttpRequest, order: Order, tier: Tier) -> None:
    """A HEAD shows nothing, and gets no mark to ask for news with."""
    if request.method == "GET":
        agent = request.headers.get("User-Agent", "")
        log_view(order.pk, tier=tier, address=address_of(request), agent=agent, now=timezone.now())


def _private(response: HttpResponse, etag: str, language: str) -> HttpResponse:
    if etag:
        response["ETag"] = etag
    response["Content-Language"] = language
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
