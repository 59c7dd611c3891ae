"""The warehouse's scanning page: a plain form that works by itself, and the same door for its script."""

import uuid
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orders.models import User
from orders.roles import Can
from shipping.models import Scan, Shipment, ShipmentLine
from shipping.status import Direction, ScanOutcome, Stage
from shipping.warehouse.scanning import MODES, PACK, Scanned, scan, scanning_merchants

RECENT = 12
WORDS: dict[str, tuple[str, str, str]] = {
    ScanOutcome.PACKED: ("good", "check", "Packed"),
    ScanOutcome.HANDED_OVER: ("good", "truck", "Handed over"),
    ScanOutcome.REPEATED: ("warn", "clock", "Already scanned"),
    ScanOutcome.NOT_PACKED: ("bad", "box", "Not packed yet"),
    ScanOutcome.CANCELLED: ("bad", "cancel", "Cancelled: keep it here"),
    ScanOutcome.NOT_A_PARCEL: ("warn", "label", "Not a parcel code"),
    ScanOutcome.UNKNOWN: ("bad", "question", "Unknown code"),
}
HELP: dict[str, str] = {
    ScanOutcome.PACKED: "Put it with the parcels for the carrier.",
    ScanOutcome.HANDED_OVER: "It may leave.",
    ScanOutcome.NOT_PACKED: "Scan it under “Pack” first.",
    ScanOutcome.CANCELLED: "The order was called off. Do not send it; put it aside.",
    ScanOutcome.NOT_A_PARCEL: "Scan the long bar code on the label or slip, it begins with P.",
    ScanOutcome.UNKNOWN: "No parcel of your shop has this code.",
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def scanning(request: HttpRequest) -> HttpResponse:
    user, wants_json = request.user, "application/json" in request.headers.get("Accept", "")
    if not isinstance(user, User) or not user.is_active:
        login = redirect_to_login(request.path, reverse("admin:login"))
        return JsonResponse({"login": login.url}, status=401) if wants_json else login
    if not user.may(Can.SCAN):
        raise PermissionDenied
    mode, result = _mode(request.POST.get("mode") or request.GET.get("mode")), None
    if request.method == "POST":
        client_id = _client_id(request.POST.get("client_id"))
        result = scan(
            user=user, code=request.POST.get("code", ""), mode=mode, client_id=client_id, now=timezone.now()
        )
        if wants_json and result:
            return JsonResponse({"result": _shown(result), "counts": _counts(user)})
    context = {
        "mode": mode,
        "result": _shown(result) if result else None,
        "counts": _counts(user),
        "recent": [_row(row) for row in _recent(user)],
        "client_id": uuid.uuid4(),
        "user": user,
    }
    return render(request, "shipping/scan.html", context)


def _mode(asked: str | None) -> str:
    return asked if asked in MODES else PACK


def _client_id(given: str | None) -> uuid.UUID:
    """A page that names its scans badly gets a scan that cannot be resent, not an error."""
    try:
        return uuid.UUID(given or "")
    except ValueError:
        return uuid.uuid4()


def _shown(result: Scanned) -> dict[str, Any]:
    tone, icon, title = WORDS[result.outcome]
    shipment = result.shipment
    items: list[str] = []
    if shipment and result.outcome in (ScanOutcome.PACKED, ScanOutcome.NOT_PACKED):
        lines = ShipmentLine.objects.filter(shipment=shipment).select_related("order_line")
        items = [f"{line.quantity} × {line.order_line.name}" for line in lines]
    return {
        "outcome": result.outcome,
        "mode": result.mode,
        "tone": tone,
        "icon": icon,
        "title": title,
        "help": _repeated(result) if result.outcome == ScanOutcome.REPEATED else HELP[result.outcome],
        "code": result.code,
        "order": shipment.order.number if shipment else "",
        "items": items,
        "client_id": str(result.client_id),
        "resent": result.resent,
    }


def _repeated(result: Scanned) -> str:
    shipment = result.shipment
    done = "Handed over" if shipment and shipment.stage == Stage.HANDED_OVER else "Packed"
    if shipment is None or result.at is None:
        return f"{done} before. Nothing has changed."
    local = timezone.localtime(result.at, shipment.merchant.tz)
    return f"{done} {local:%d %b, %H:%M}{f' by {result.by}' if result.by else ''}. Nothing has changed."


def _counts(user: User) -> dict[str, int]:
    mine = Shipment.objects.filter(merchant__in=scanning_merchants(user), direction=Direction.OUTBOUND)
    waiting = mine.filter(stage__in=[Stage.OPEN, Stage.PACKED]).aggregate(
        to_pack=Count("pk", filter=Q(stage=Stage.OPEN)),
        to_hand_over=Count("pk", filter=Q(stage=Stage.PACKED)),
    )
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    done = Scan.objects.filter(
        merchant__in=scanning_merchants(user),
        scanned_at__gte=midnight,
        outcome__in=[ScanOutcome.PACKED, ScanOutcome.HANDED_OVER],
    ).count()
    return {**waiting, "done": done}


def _recent(user: User) -> list[Scan]:
    mine = Scan.objects.filter(merchant__in=scanning_merchants(user), operator=user)
    return list(mine.select_related("shipment__order", "merchant").order_by("-pk")[:RECENT])


def _row(row: Scan) -> dict[str, Any]:
    tone, icon, title = WORDS[row.outcome]
    return {
        "time": f"{timezone.localtime(row.scanned_at, row.merchant.tz):%H:%M}",
        "tone": tone,
        "icon": icon,
        "title": title,
        "code": row.code,
        "order": row.shipment.order.number if row.shipment else "",
    }
