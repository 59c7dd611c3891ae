"""The dock's pages: open a carrier's manifest, scan parcels onto it, close it when the driver signs.

For gloves and a phone: plain forms, big targets, no script needed. Every scan goes by the door of all scans.
"""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.models import Merchant, User
from orders.roles import Can
from shipping.desk import print_manifest, sign
from shipping.documents.runs import NothingToPrint
from shipping.models import Manifest, Scan, Shipment
from shipping.status import Direction, ScanOutcome, Stage
from shipping.warehouse.handover import open_manifests, tallied
from shipping.warehouse.manifests import Refused, open_manifest, take_off
from shipping.warehouse.scanning import HANDOVER, Scanned, scan, scanning_merchants

LAST = 30
RECENT = 12
O = ScanOutcome  # noqa: E741
WORDS: dict[str, tuple[str, str, str, str]] = {
    O.ON_MANIFEST: ("good", "check", "On the manifest", "Load it."),
    O.REPEATED: ("warn", "clock", "Already scanned", "Nothing has changed."),
    O.OTHER_MANIFEST: ("bad", "list", "On another manifest", "Take it to that carrier’s pile."),
    O.OTHER_CARRIER: ("bad", "truck", "Another carrier’s parcel", "Keep it here for its own carrier."),
    O.NOT_PACKED: ("bad", "box", "Not packed yet", "Take it back to the packing table."),
    O.CANCELLED: ("bad", "cancel", "Cancelled: keep it here", "The order was called off. Put it aside."),
    O.CLOSED: (
        "bad",
        "pause",
        "The manifest is closed",
        "Open a new one, or ask a manager to reopen this one.",
    ),
    O.NOT_A_PARCEL: ("warn", "label", "Not a parcel code", "Scan the long bar code that begins with P."),
    O.UNKNOWN: ("bad", "question", "Unknown code", "No parcel of this shop has this code."),
}


class OpeningForm(forms.Form):
    """Who comes. A carrier is chosen among those that parcels have had lately, or written."""

    merchant = forms.ModelChoiceField(Merchant.objects.none(), label="Shop")
    known = forms.ChoiceField(required=False, widget=forms.RadioSelect, label="Carrier")
    carrier = forms.CharField(required=False, max_length=40, label="Another carrier")
    dock = forms.CharField(required=False, max_length=40)
    driver = forms.CharField(required=False, max_length=80)
    vehicle = forms.CharField(required=False, max_length=40, label="Vehicle or seal")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = scanning_merchants(user).order_by("name")
        self.fields["merchant"].queryset = shops  # type: ignore[attr-defined]
        self.only = shops.get() if len(shops[:2]) == 1 else None
        if self.only:
            self.fields["merchant"].required = False
        self.fields["known"].choices = _carriers(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        given["merchant"] = given.get("merchant") or self.only
        given["carrier"] = given.get("carrier") or given.get("known") or ""
        if not given["carrier"].strip():
            self.add_error("carrier", "Say which carrier takes the parcels.")
        return given


def _carriers(user: User) -> list[tuple[str, str]]:
    """Carriers of packed parcels, with how many wait, then of the latest parcels."""
    mine = Shipment.objects.filter(merchant__in=scanning_merchants(user), direction=Direction.OUTBOUND)
    named = mine.exclude(carrier="").order_by("-created_at")
    waiting = Counter(
        named.filter(stage=Stage.PACKED, manifest=None).values_list("carrier", flat=True)[:2000]
    )
    lately = dict.fromkeys(named.values_list("carrier", flat=True)[:300])
    names = [name for name, _ in waiting.most_common(RECENT)]
    names += [name for name in lately if name not in waiting][: RECENT - len(names)]
    return [(name, f"{name} · {waiting[name]} packed" if waiting[name] else name) for name in names]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def docks(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    if not isinstance(user, User):
        return user
    form = OpeningForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        words = {
            name: form.cleaned_data[name] for name in ("merchant", "carrier", "dock", "driver", "vehicle")
        }
        manifest = open_manifest(user=user, now=timezone.now(), **words)
        return HttpResponseRedirect(_page(manifest))
    shops = scanning_merchants(user)
    done = tallied(Manifest.objects.filter(merchant__in=shops, state=Manifest.State.CLOSED))
    context = {
        "form": form,
        "open": open_manifests(user)[:50],
        "closed": done.select_related("merchant").order_by("-opened_at")[:8],
        "waiting": Shipment.objects.filter(merchant__in=shops, stage=Stage.PACKED, manifest=None).count(),
        "several": form.only is None,
    }
    return render(request, "shipping/handover.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def loading(request: HttpRequest, manifest_id: int) -> HttpResponse:
    user = _person(request)
    if not isinstance(user, User):
        return user
    mine = tallied(Manifest.objects.filter(merchant__in=scanning_merchants(user)))
    manifest = mine.select_related("merchant").filter(pk=manifest_id).first()
    if manifest is None:
        raise Http404
    if request.method == "POST":
        act = ACTS.get(request.POST.get("act", ""))
        answer = act(request, user, manifest) if act else HttpResponseRedirect(_page(manifest))
        if isinstance(answer, HttpResponse):
            return answer
        manifest = mine.select_related("merchant").get(pk=manifest_id)
        return _show(request, manifest, **answer)
    return _show(request, manifest)


def _show(request: HttpRequest, manifest: Any, **more: Any) -> HttpResponse:
    on_it = Scan.objects.filter(shipment__manifest=manifest, outcome=O.ON_MANIFEST)
    scans = on_it.select_related("shipment__order__ship_to", "operator").order_by("-pk")[: LAST * 2]
    is_open = manifest.state == Manifest.State.OPEN
    left = 0 if is_open else manifest.parcels - manifest.handed_over
    context = {
        "manifest": manifest,
        "is_open": is_open,
        "left": left,
        "last": list({row.shipment_id: row for row in scans}.values())[:LAST],
        "client_id": uuid.uuid4(),
        "zone": manifest.merchant.tz,
    }
    return render(request, "shipping/loading.html", context | more)


def _scan(request: HttpRequest, user: User, manifest: Any) -> dict[str, Any]:
    try:
        client_id = uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:  # a page that names its scans badly gets one that cannot be resent
        client_id = uuid.uuid4()
    code, now = request.POST.get("code", ""), timezone.now()
    said = scan(user=user, code=code, mode=HANDOVER, client_id=client_id, now=now, subject=str(manifest.pk))
    return {"result": _told(said, manifest)} if said else {}


def _told(said: Scanned, manifest: Manifest) -> dict[str, str]:
    tone, icon, title, text = WORDS[said.outcome]
    if said.outcome == O.OTHER_MANIFEST and said.shown.get("other"):
        text = f"It is on {said.shown['other']}. {text}"
    elif said.outcome == O.OTHER_CARRIER and said.shown.get("carrier"):
        text = f"It goes with {said.shown['carrier']}, this is {manifest.carrier}. {text}"
    elif said.outcome == O.REPEATED and said.at:
        by = f" by {said.by}" if said.by else ""
        text = (
            f"Scanned {date_format(timezone.localtime(said.at, manifest.merchant.tz), 'j M H:i')}{by}. {text}"
        )
    order = said.shipment.order.number if said.shipment else ""
    return {"tone": tone, "icon": icon, "title": title, "text": text, "code": said.code, "order": order}


def _take_off(request: HttpRequest, user: User, manifest: Any) -> HttpResponse:
    parcel = manifest.shipments.filter(code=request.POST.get("parcel", "")).first()
    try:
        if parcel is None:
            raise Refused("This parcel is not on the manifest any more.")
        take_off(parcel, user=user, now=timezone.now())
        messages.success(request, f"{parcel.code} is off the manifest.")
    except Refused as refused:
        messages.warning(request, str(refused))
    return HttpResponseRedirect(_page(manifest))


def _close(request: HttpRequest, user: User, manifest: Any) -> HttpResponse | dict[str, Any]:
    """Asks first, naming the count and the driver; asks again when the count has changed meanwhile."""
    words = {name: request.POST.get(name, "").strip() for name in ("driver", "vehicle")}
    if request.POST.get("sure") != str(manifest.parcels):
        return {"sure": words}
    sign(manifest, user=user, now=timezone.now(), **words)
    return HttpResponseRedirect(_page(manifest))


def _print(request: HttpRequest, user: User, manifest: Any) -> HttpResponse:
    try:
        run = print_manifest(manifest, user=user, now=timezone.now())
    except NothingToPrint:
        messages.warning(request, "There is no parcel on this manifest.")
        return HttpResponseRedirect(_page(manifest))
    return HttpResponseRedirect(reverse("admin:shipping_printrun_change", args=[run.pk]))


ACTS: dict[str, Callable[[HttpRequest, User, Any], HttpResponse | dict[str, Any]]] = {
    "scan": _scan,
    "take-off": _take_off,
    "close": _close,
    "print": _print,
}


def _person(request: HttpRequest) -> User | HttpResponse:
    """Who is at the dock, or where to send who is not known."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return redirect_to_login(request.path, reverse("admin:login"))
    if not user.may(Can.SCAN):
        raise PermissionDenied
    return user


def _page(manifest: Manifest) -> str:
    return reverse("loading", args=[manifest.pk])
