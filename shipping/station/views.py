"""The warehouse's station: a plain form that works by itself, and the same door for its script."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from orders.models import User
from orders.roles import Can
from shipping.models import Scan
from shipping.station.answers import answer, row
from shipping.station.counts import MOST, counts
from shipping.station.words import WORDS
from shipping.warehouse.handover import open_manifests
from shipping.warehouse.scanning import HANDLERS, HANDOVER, PACK, STATION, Scanned, scan, scanning_merchants

RECENT, MOST_MANIFESTS = 12, 50
TABS = {
    STATION: ("Pack", "box", "What the scan does: check each thing into its parcel"),
    PACK: ("Whole parcel", "check", "What the scan does: pack a parcel without checking its things"),
    HANDOVER: ("Hand over", "truck", "What the scan does: give the parcel to the carrier"),
}


class NotHere(Exception):
    """This person may not use the station; `response` says why."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response


def person_of(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        login = redirect_to_login(reverse("scan"), reverse("admin:login"))
        raise NotHere(JsonResponse({"login": login.url}, status=401) if _wants_json(request) else login)
    if not user.may(Can.SCAN):
        raise PermissionDenied
    return user


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scanning(request: HttpRequest) -> HttpResponse:
    try:
        user = person_of(request)
    except NotHere as stop:
        return stop.response
    result, mode = None, _mode(request.POST.get("mode") or request.GET.get("mode"))
    if request.method == "POST":
        owner = request.POST.get("owner", "")
        if owner and owner != str(user.pk):
            return JsonResponse({"error": "These scans are another person’s."}, status=409)
        result = _scan(user, mode, request.POST)
        if _wants_json(request):
            return JsonResponse({"result": answer(result) if result else None})
    return render(request, "shipping/scan.html", _context(request, user, mode, result))


def _scan(user: User, mode: str, said: Any) -> Scanned | None:
    now = timezone.now()
    return scan(
        user=user,
        code=said.get("do") or said.get("code", ""),
        mode=mode,
        client_id=_client_id(said.get("client_id")),
        now=now,
        scanned_at=_moment(said.get("scanned_at")) or now,
        station=said.get("station", "").replace("\x00", ""),
        subject=said.get("subject", "").replace("\x00", ""),
    )


def _context(request: HttpRequest, user: User, mode: str, result: Scanned | None) -> dict[str, Any]:
    shown = answer(result) if result else None
    subject = request.POST.get("subject", request.GET.get("manifest", ""))
    if mode == STATION:
        subject = shown["subject"] if shown else ""
    recent = Scan.objects.filter(merchant__in=scanning_merchants(user), operator=user)
    recent = recent.select_related("shipment__order", "merchant").order_by("-pk")[:RECENT]
    return {
        "mode": mode,
        "tabs": [(name, *TABS[name]) for name in TABS if name in HANDLERS],
        "subject": subject,
        "manifests": open_manifests(user)[:MOST_MANIFESTS],
        "result": shown,
        "parcel": shown.get("parcel") if shown and shown["subject"] else None,
        "counts": _figures(user),
        "recent": [row(scan) for scan in recent],
        "client_id": uuid.uuid4(),
        "user": user,
        "words": {outcome: asdict(word) for outcome, word in WORDS.items()},
    }


@never_cache
@require_safe
def session(request: HttpRequest) -> HttpResponse:
    """Who is signed in on this device, and a fresh token for what the page kept while the network was away."""
    try:
        user = person_of(request)
    except NotHere as stop:
        return stop.response
    return JsonResponse({"user": str(user.pk), "name": user.get_username(), "token": get_token(request)})


def _figures(user: User) -> list[tuple[str, str, str]]:
    found = counts(scanning_merchants(user), timezone.now())
    labels = {"to_pack": "To pack", "to_hand_over": "To hand over", "done": "Done today"}
    return [
        (name, label, f"{MOST}+" if found[name] > MOST else str(found[name]))
        for name, label in labels.items()
    ]


def _mode(asked: str | None) -> str:
    return asked if asked in HANDLERS else STATION


def _client_id(given: str | None) -> uuid.UUID:
    """A page that names its scans badly gets a scan that cannot be resent, not an error."""
    try:
        return uuid.UUID(given or "")
    except ValueError:
        return uuid.uuid4()


def _moment(given: str | None) -> datetime | None:
    """The station's time; None where it told none that can be understood."""
    try:
        moment = parse_datetime((given or "")[:40])
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
