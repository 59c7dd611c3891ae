"""What makes the station a page that can be installed and opens without a network: its manifest, its service
worker, and the parcels that it may have to judge by itself."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shipping.models import Shipment, ShipmentLine
from shipping.models.shipment import FROM_HERE
from shipping.station.views import NotHere, person_of
from shipping.status import Stage
from shipping.warehouse.scanning import scanning_merchants
from shipping.warehouse.table import Table, picture

AHEAD, MOST_SHOPS = 200, 5
FILES = (
    "css/scan.css",
    "img/icons.svg",
    "img/mark.svg",
    *(f"img/station-{size}.png" for size in (192, 512, "maskable")),
    *(f"js/scan/{name}.js" for name in (
        "main", "bench", "camera", "decoder", "gs1", "judge", "kept", "papers", "queue", "screen", "settings", "sound",
        "words",
    )),
    "vendor/zxing-wasm/reader.js",
    "vendor/zxing-wasm/zxing_reader.wasm",
)  # fmt: skip
"""All that the page needs. Modules import each other by their plain names, so those are kept too."""


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    said = {
        "id": reverse("scan"),
        "name": "Tracker station",
        "short_name": "Station",
        "description": "Pack, check and hand over parcels by scan, with or without a network.",
        "start_url": reverse("scan"),
        "scope": reverse("scan"),
        "display": "standalone",
        "background_color": "#0d0f12",
        "theme_color": "#3730a3",
        "icons": [
            {"src": static("img/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
            {"src": static("img/station-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("img/station-512.png"), "sizes": "512x512", "type": "image/png"},
            {
                "src": static("img/station-maskable.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "maskable",
            },
        ],
    }
    return JsonResponse(said, content_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """A new text, and so a new worker, whenever one of the page's files has changed."""
    names = sorted({static(name) for name in FILES} | {f"{settings.STATIC_URL}{name}" for name in FILES})
    script = render_to_string(
        "shipping/station-worker.js",
        {
            "version": json.dumps(_version()),
            "files": json.dumps(names),
            "page": json.dumps(reverse("scan")),
            "static": json.dumps(settings.STATIC_URL),
        },
    )
    headers = {"Cache-Control": "no-cache", "Service-Worker-Allowed": reverse("scan")}
    return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)


def _version() -> str:
    found = [Path(where) for name in FILES if (where := finders.find(name))]
    return hashlib.sha256(
        "".join(_digest(path, path.stat().st_mtime_ns) for path in found).encode()
    ).hexdigest()[:16]


@lru_cache(maxsize=256)
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@never_cache
@require_safe
def ahead(request: HttpRequest) -> HttpResponse:
    """The oldest parcels to pack: the page keeps them, to judge what goes into them while the network is away."""
    try:
        user = person_of(request)
    except NotHere as stop:
        return stop.response
    ids: list[int] = []
    for shop in scanning_merchants(user).order_by("pk")[:MOST_SHOPS]:
        mine = Shipment.objects.filter(FROM_HERE, merchant=shop, stage=Stage.OPEN)
        waiting = mine.order_by("created_at")
        ids += waiting.values_list("pk", flat=True)[: AHEAD // MOST_SHOPS]
    lines = ShipmentLine.objects.select_related("order_line__product").order_by("order_line__position")
    parcels = Shipment.objects.filter(pk__in=ids).select_related("order__merchant", "box")
    tables = [
        Table(parcel.order, parcel, {row.pk: row for row in parcel.lines.all()})
        for parcel in parcels.prefetch_related(Prefetch("lines", lines))
    ]
    return JsonResponse({"parcels": [picture(table) for table in tables]})
