"""A customer's own page for choosing messages, by a signed link from one. A GET changes nothing, so a scanner that
opens every link of a mail unsubscribes nobody; the signed address is what a forged form would lack."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from notifications import wishes
from notifications.models import Suppression
from notifications.status import Channel, Milestone
from orders.access import network_of
from orders.models import Merchant
from orders.speak import language_of, speak
from tracker import languages
from tracker.limits import address_of, source_of, too_many
from tracker.said import SAID

WINDOW, PER_ADDRESS = 600, 60
Read = tuple[Merchant, str, str, str]


def words(milestone: str) -> str:
    """A milestone as customers read it."""
    said = {
        "confirmed": gettext("Order placed"),
        "processing": gettext("Being prepared"),
        "packed": gettext("Packed"),
        "shipped": gettext("Shipped"),
        "out_for_delivery": gettext("Out for delivery"),
        "ready_for_pickup": gettext("Ready for pick-up"),
        "attempt_failed": gettext("Delivery attempt failed"),
        "delayed": gettext("Delayed"),
        "exception": gettext("Problem"),
        "delivered": gettext("Delivered"),
        "cancelled": gettext("Order cancelled"),
        "returned": gettext("Order returned"),
        "rating_request": gettext("How was the delivery?"),
    }
    return said.get(milestone) or Milestone(milestone).label


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, signed: str) -> HttpResponse:
    found = _open(request, signed)
    merchant, channel = found[:2]
    with translation.override(_language(request, found)):
        if request.method == "POST":
            offered = wishes.offered(merchant, channel)
            wanted = {milestone.value for milestone in offered} & set(request.POST.getlist("milestone"))
            shown = "\n".join([gettext("Which messages do you want?"), *(words(one) for one in offered)])
            if _choose(request, found, wanted, way="page", shown=shown):
                return _back(request, signed)
            return _page(request, "notifications/preferences.html", found, signed, ticked=wanted)
        return _page(request, "notifications/preferences.html", found, signed)


@csrf_exempt
@require_POST
def language(request: HttpRequest, signed: str) -> HttpResponse:
    """Of the customer's mails, messages and pages; by the address alone, like every choice here."""
    found = _open(request, signed)
    merchant, channel, address, _ = found
    wanted = languages.ours(request.POST.get("locale", ""))
    with translation.override(wanted or _language(request, found)):
        if _often(request):
            return _page(request, "notifications/preferences.html", found, signed, often=True)
        if not wanted:
            return _back(request, signed, saved=False)
        kept = speak(merchant, _who(channel, address), wanted, now=timezone.now())
    saved = "saved=1&" if kept else ""  # not where the orders are too old to say anything any more
    return HttpResponseRedirect(f"{reverse('wishes', args=[signed])}?{saved}lang={wanted}", status=303)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, signed: str) -> HttpResponse:
    """A mail program's one-click POST (RFC 8058) wants no redirect; a person's form gets the page again."""
    found = _open(request, signed)
    with translation.override(_language(request, found)):
        if request.method != "POST":
            return _page(request, "notifications/unsubscribe.html", found, signed)
        one_click = request.POST.get("List-Unsubscribe") == "One-Click"
        shown = "" if one_click else gettext("Stop all messages to this address?")
        _choose(request, found, (), way="one_click" if one_click else "page", shown=shown)
        return HttpResponse("OK\n", content_type="text/plain") if one_click else _back(request, signed)


def _open(request: HttpRequest, signed: str) -> Read:
    found = wishes.read(signed)
    if found is None:
        raise Http404
    return found


def _language(request: HttpRequest, found: Read) -> str:
    merchant, channel, address, locale = found
    now_spoken = language_of(
        merchant, _who(channel, address), timezone.now()
    )  # an old mail's link knows the old one
    return (
        languages.asked(request)
        or languages.known(now_spoken)
        or languages.known(locale)
        or languages.accepted(request)
        or languages.known(merchant.locale)
        or "en"
    )


def _who(channel: str, address: str) -> dict[str, str]:
    return {"phone": address} if channel == Channel.SMS else {"email__iexact": address}


def _often(request: HttpRequest) -> bool:
    return too_many("wishes", source_of(request), limit=PER_ADDRESS, seconds=WINDOW)


def _choose(request: HttpRequest, found: Read, wanted: Any, *, way: str, shown: str) -> bool:
    """False where it was too often, and nothing is kept. To stop messages is never too often."""
    merchant, channel, address, _ = found
    spoken = translation.get_language() or ""
    if not wanted and wishes.suppression_of(merchant, channel, address):
        return True  # nothing to change: no proof of nothing, however often it is posted
    if wanted and _often(request):
        return False
    wishes.choose(
        merchant, channel, address, wanted, now=timezone.now(), way=way, shown=shown, language=spoken,
        network=network_of(address_of(request)),
    )  # fmt: skip
    return True


def _back(request: HttpRequest, signed: str, *, saved: bool = True) -> HttpResponseRedirect:
    query = {"saved": "1"} if saved else {}
    if asked := languages.asked(request):
        query["lang"] = asked
    return HttpResponseRedirect(f"{reverse('wishes', args=[signed])}?{urlencode(query)}", status=303)


def _page(
    request: HttpRequest,
    template: str,
    found: Read,
    signed: str,
    *,
    ticked: Collection[str] | None = None,
    often: bool = False,
) -> HttpResponse:
    """`ticked` is what was posted too often: it stands as it was ticked, and is not kept."""
    merchant, channel, address, _ = found
    closed = wishes.suppression_of(merchant, channel, address)
    chosen = wishes.chosen(merchant, channel, address) if ticked is None else ticked
    often = often or ticked is not None
    context = {
        "merchant": merchant,
        "address": address,
        "channel": channel,
        "signed": signed,
        "choices": [
            (one.value, words(one), one.value in chosen) for one in wishes.offered(merchant, channel)
        ],
        "closed": closed,
        "fixed": closed and closed.reason != Suppression.Reason.UNSUBSCRIBED,
        "saved": "saved" in request.GET and not often,
        "often": SAID["often"].words if often else "",
        "languages": settings.LANGUAGES,
        "language": translation.get_language(),
    }
    answer = render(request, template, context, status=429 if often else 200)
    if often:
        answer["Retry-After"] = str(WINDOW)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "no-referrer"
    answer["Content-Language"] = translation.get_language() or ""
    return answer
