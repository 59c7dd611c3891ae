"""The aisle's pages: which waves wait, and one wave bin by bin, ticked off by scan.

For gloves and a phone: plain forms, big targets, no script needed. Every scan goes by the door of all scans.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from orders.models import User
from orders.roles import Can
from shipping.desk import print_picks
from shipping.documents.runs import NothingToPrint
from shipping.models import Scan, ShortPick, Wave, WaveLine
from shipping.status import ScanOutcome, Stage
from shipping.warehouse.scanning import PICK, Scanned, scan, scanning_merchants
from shipping.warehouse.waves import WaveError, lines_in_order, report_short

O = ScanOutcome  # noqa: E741
WORDS: dict[str, tuple[str, str, str, str]] = {
    O.PICKED: ("good", "check", "Picked", "Next one."),
    O.PICKED_ALL: ("warn", "clock", "You have all of these", "Put this one back."),
    O.NOT_ON_LIST: ("bad", "list", "Not on this list", "Put it back where it was."),
    O.UNKNOWN: ("bad", "question", "Unknown code", "No product of this shop has this code."),
}


def counted(waves: QuerySet[Wave]) -> QuerySet[Wave]:
    """Each wave with its pieces `wanted`, `taken` and `short`, and its `parcels` still to pack."""
    sums = {
        "wanted": Coalesce(Sum("lines__quantity"), 0),
        "taken": Coalesce(Sum("lines__picked"), 0),
        "short": Coalesce(Sum("lines__short"), 0),
    }
    return waves.annotate(**sums)


@never_cache
@require_safe
def waves(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    if not isinstance(user, User):
        return user
    mine = Wave.objects.filter(merchant__in=scanning_merchants(user)).select_related("merchant")
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "open": counted(mine.filter(state=Wave.State.OPEN)).order_by("pk")[:50],
        "done": counted(mine.filter(state=Wave.State.DONE, finished_at__gte=midnight)).order_by("-pk")[:10],
        "several": scanning_merchants(user).count() > 1,
    }
    return render(request, "shipping/waves.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def picking(request: HttpRequest, wave_id: int) -> HttpResponse:
    user = _person(request)
    if not isinstance(user, User):
        return user
    mine = Wave.objects.filter(merchant__in=scanning_merchants(user)).select_related("merchant")
    wave = mine.filter(pk=wave_id).first()
    if wave is None:
        raise Http404
    act = request.POST.get("act", "") if request.method == "POST" else ""
    result = None
    if act == "scan":
        result = _scan(request, user, wave)
    elif act == "short":
        return _short(request, user, wave)
    elif act == "print":
        return _print(request, user, wave)
    wave.refresh_from_db()
    return render(request, "shipping/picking.html", _context(wave) | {"result": result})


def _context(wave: Wave) -> dict[str, Any]:
    lines: list[Any] = lines_in_order(wave)
    for line in lines:
        line.left = line.quantity - line.picked - line.short
    todo = [line for line in lines if line.left]
    last = Scan.objects.filter(merchant=wave.merchant, mode=PICK, details__wave=wave.pk)
    return {
        "wave": wave,
        "is_open": wave.state == Wave.State.OPEN,
        "now": todo[0] if todo else None,
        "todo": todo,
        "bins": len({line.bin for line in todo}),
        "gone": [line for line in lines if not line.left],
        "wanted": sum(line.quantity for line in lines),
        "handled": sum(line.picked + line.short for line in lines),
        "parcels": wave.shipments.filter(stage=Stage.OPEN).count(),
        "short": wave.shorts.aggregate(
            n=Coalesce(Sum("quantity"), 0), orders=Count("order_line__order", distinct=True)
        ),
        "reasons": ShortPick.Reason.choices,
        "last_scan": last.order_by("-pk").first(),
        "client_id": uuid.uuid4(),
    }


def _scan(request: HttpRequest, user: User, wave: Wave) -> dict[str, str] | None:
    try:
        client_id = uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:  # a page that names its scans badly gets one that cannot be resent
        client_id = uuid.uuid4()
    code, now = request.POST.get("code", ""), timezone.now()
    said = scan(user=user, code=code, mode=PICK, client_id=client_id, now=now, subject=str(wave.pk))
    return _told(said) if said else None


def _told(said: Scanned) -> dict[str, str]:
    tone, icon, title, text = WORDS[said.outcome]
    line = WaveLine.objects.filter(pk=said.shown.get("line") or 0).select_related("product").first()
    if line:
        left = line.quantity - line.picked - line.short
        if said.outcome == O.PICKED:
            text = f"{left} more of these." if left else "That was all of these."
        return {
            "tone": tone,
            "icon": icon,
            "title": title,
            "text": text,
            "code": f"{line.product.sku} · {line.product.name}",
        }
    return {"tone": tone, "icon": icon, "title": title, "text": text, "code": said.code}


def _short(request: HttpRequest, user: User, wave: Wave) -> HttpResponse:
    line = wave.lines.select_related("product").filter(pk=_number(request.POST.get("line"))).first()
    try:
        if line is None:
            raise WaveError("This product is not on the list any more.")
        quantity = _number(request.POST.get("quantity"))
        note = request.POST.get("note", "")
        shorts = report_short(
            line, quantity, request.POST.get("reason", ""), note=note, user=user, now=timezone.now()
        )
        orders = ", ".join(sorted({short.order_line.order.number for short in shorts}))
        messages.success(
            request, f"{quantity} × {line.product.sku} noted as missing. They wait for it: {orders}."
        )
    except WaveError as error:
        messages.warning(request, str(error))
    return HttpResponseRedirect(reverse("picking", args=[wave.pk]))


def _print(request: HttpRequest, user: User, wave: Wave) -> HttpResponse:
    try:
        run = print_picks(wave, user=user, now=timezone.now())
    except NothingToPrint:
        messages.warning(request, "No parcel of this wave is to be packed any more.")
        return HttpResponseRedirect(reverse("picking", args=[wave.pk]))
    return HttpResponseRedirect(reverse("admin:shipping_printrun_change", args=[run.pk]))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _person(request: HttpRequest) -> User | HttpResponse:
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return redirect_to_login(request.path, reverse("admin:login"))
    if not user.may(Can.SCAN):
        raise PermissionDenied
    return user
