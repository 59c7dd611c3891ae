"""What a visitor does on an order's page. Nobody is signed in: the unguessable address of the page is what a forged form from
elsewhere would lack, so these forms carry no other token and need no cookie."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from orders.access import LIVES, Tier, ask_code, check_code, pass_for, renew_link, tier_of
from orders.lookup import proves
from orders.models import Order, PageView
from orders.queue import enqueue
from shipping.models import Shipment
from shipping.status import Direction
from shipping.voice import NotNow, rate, report
from tracker import languages
from tracker.days import zone_label
from tracker.limits import source_of, too_many
from tracker.tasks import send_access_code
from tracker.tracking_page import find_order, zone_of_recipient
from tracker.tracking_rows import parcels_of
from tracker.tracking_words import moment_words
from tracker.views.tracking import COOKIE

WINDOW = 600  # seconds
PER_ADDRESS = 30
PER_ORDER = 12
VIEWS_SHOWN = 100
Handler = Callable[[HttpRequest, Order, Tier], HttpResponse]


def _on_a_page(handler: Handler) -> Callable[..., HttpResponse]:
    """Finds the page's order; too many posts from one address or to one order are turned away before anything is looked at."""

    @csrf_exempt
    @require_POST
    @wraps(handler)
    def view(request: HttpRequest, public_key: str) -> HttpResponse:
        order = find_order(public_key)
        if order is None:
            raise Http404
        over = [
            too_many("page-address", source_of(request), limit=PER_ADDRESS, seconds=WINDOW),
            too_many(f"page-{handler.__name__}", str(order.pk), limit=PER_ORDER, seconds=WINDOW),
        ]
        if any(over):
            return back(request, order, "often")
        return handler(request, order, tier_of(request.COOKIES.get(COOKIE, ""), order))

    return view


def back(request: HttpRequest, order: Order, said: str, anchor: str = "said") -> HttpResponseRedirect:
    """To the page, in the language that was being read."""
    language = languages.asked(request)
    query = urlencode({"said": said} | ({"lang": language} if language else {}))
    return HttpResponseRedirect(
        f"{reverse('tracking', args=[order.public_key])}?{query}#{anchor}", status=303
    )


def let_in(answer: HttpResponse, order: Order, tier: Tier, *, secure: bool) -> HttpResponse:
    """The pass goes to this one page only, to no script, and along with no request from another site but a link."""
    answer.set_cookie(
        COOKIE, pass_for(order, tier), max_age=LIVES[Tier.PROVEN], path=reverse("tracking", args=[order.public_key]),
        httponly=True, secure=secure, samesite="Lax",
    )  # fmt: skip
    return answer


@_on_a_page
def prove(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    if not proves(order, request.POST.get("proof", "")[:254]):
        return back(request, order, "proof", "more")
    return let_in(back(request, order, "shown"), order, max(tier, Tier.PROVEN), secure=request.is_secure())


@_on_a_page
def send_code(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    channel = request.POST.get("channel", "")
    reachable = {"email": bool(order.email), "sms": bool(order.phone)}
    if not reachable.get(channel):
        return back(request, order, "notnow", "more")
    code = ask_code(order.pk, channel, now=timezone.now())
    if code is None:
        return back(request, order, "often", "more")
    enqueue(send_access_code, code.pk)
    return back(request, order, "code", "more")


@_on_a_page
def enter_code(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    if not check_code(order.pk, request.POST.get("code", "")[:20], now=timezone.now()):
        return back(request, order, "nocode", "more")
    return let_in(back(request, order, "opened", "more"), order, Tier.CODE, secure=request.is_secure())


@_on_a_page
def renew(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    if tier < Tier.PROVEN:
        return back(request, order, "proof", "more")
    order.public_key = renew_link(order.pk)
    return let_in(back(request, order, "renewed"), order, tier, secure=request.is_secure())


@_on_a_page
def rating(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    score = request.POST.get("score", "")
    comment = request.POST.get("comment")
    try:
        rate(_parcel(request, order), score=int(score) if score.isdecimal() and len(score) < 3 else None, comment=comment,
             now=timezone.now())  # fmt: skip
    except NotNow:
        return back(request, order, "notnow")
    return back(request, order, "rated", f"rate-{_key(request)}")


@_on_a_page
def tell(request: HttpRequest, order: Order, tier: Tier) -> HttpResponse:
    try:
        report(_parcel(request, order), request.POST.get("kind", ""), text=request.POST.get("text", ""), tier=int(tier),
               now=timezone.now())  # fmt: skip
    except NotNow:
        return back(request, order, "notnow")
    return back(request, order, "told")


@require_safe
def views(request: HttpRequest, public_key: str) -> HttpResponse:
    """Who has looked at the page; for who knows more than its address."""
    order = find_order(public_key)
    if order is None or tier_of(request.COOKIES.get(COOKIE, ""), order) < Tier.PROVEN:
        raise Http404
    local = zone_of_recipient(order, parcels_of(order.pk))
    today = timezone.now().astimezone(local).date()
    context: dict[str, Any] = {"order": order, "public_key": public_key}
    with languages.of_order(request, order) as context["language"]:
        context["seen"] = [
            _seen(row, row.last_at.astimezone(local), today)
            for row in order.page_views.order_by("-last_at")[:VIEWS_SHOWN]
        ]
        answer = render(request, "tracker/views.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _seen(row: PageView, local: datetime, today: date) -> dict[str, Any]:
    words = {"at": moment_words(local, today), "zone": zone_label(local)}
    return {"row": row, "iso": local.isoformat(timespec="minutes"), **words}


def _key(request: HttpRequest) -> str:
    return "".join(char for char in request.POST.get("parcel", "")[:20] if char.isalnum())


def _parcel(request: HttpRequest, order: Order) -> Shipment:
    """The parcel that the form is about, of this order only."""
    number = _key(request).removeprefix("p")
    mine = Shipment.objects.filter(order=order, direction=Direction.OUTBOUND).select_related(
        "merchant", "order__ship_to"
    )
    row = mine.filter(pk=int(number)).first() if number.isdecimal() and len(number) < 18 else None
    if row is None:
        raise NotNow("There is no such parcel in this order.")
    return row
