"""A scan as the station's page is told of it."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from orders.queue import enqueue
from shipping.models import Scan, ShipmentLine
from shipping.station.words import Facts, say, word_of
from shipping.status import ScanOutcome, Stage
from shipping.tasks import render_print_run
from shipping.warehouse.scanning import STATION, Scanned
from shipping.warehouse.table import glance, picture

_LISTED = (ScanOutcome.PACKED, ScanOutcome.NOT_PACKED)
_OFF_THE_BENCH = (ScanOutcome.STALE_SLIP, ScanOutcome.CANCELLED)


def answer(result: Scanned) -> dict[str, Any]:
    shipment, shown = result.shipment, dict(result.shown)
    if result.resent and shipment and result.mode == STATION:
        shown["parcel"] = picture(glance(shipment))
    word = say(
        Facts(
            outcome=result.outcome,
            mode=result.mode,
            details=result.details,
            shown=shown,
            stage=shipment.stage if shipment else "",
            by=result.by,
            at=result.at,
            zone=shipment.merchant.tz if shipment and result.at else None,
        )
    )
    return {
        "outcome": result.outcome,
        "mode": result.mode,
        "tone": word.tone,
        "icon": word.icon,
        "title": word.title,
        "help": word.help,
        "code": result.code,
        "order": shipment.order.number if shipment else "",
        "items": _items(result),
        "subject": _subject(result, shown),
        "print": _print(result),
        "client_id": str(result.client_id),
        "resent": result.resent,
    } | {key: shown[key] for key in ("parcel", "line", "next", "of", "boxes", "colleague", "gift", "note") if key in shown}  # fmt: skip


def _subject(result: Scanned, shown: dict[str, Any]) -> str:
    """What is on the bench after this scan."""
    parcel = shown.get("parcel")
    if not parcel or parcel["stage"] != Stage.OPEN or result.outcome in _OFF_THE_BENCH:
        return ""
    return str(parcel["code"])


def _items(result: Scanned) -> list[str]:
    if result.shipment is None or result.mode == STATION or result.outcome not in _LISTED:
        return []
    lines = ShipmentLine.objects.filter(shipment=result.shipment).select_related("order_line")
    return [f"{line.quantity} × {line.order_line.name}" for line in lines]


def _print(result: Scanned) -> dict[str, str] | None:
    """Where the page follows the papers that this scan ordered. Tells a worker of them."""
    run = result.details.get("print_run")
    if not run:
        return None
    if not result.resent:
        enqueue(render_print_run, run)
    return {
        "progress": reverse("admin:shipping_printrun_progress", args=[run]),
        "pdf": reverse("admin:shipping_printrun_pdf", args=[run]),
    }


def row(scan: Scan) -> dict[str, Any]:
    """A line of the list of last scans."""
    word = word_of(scan.outcome, scan.details)
    return {
        "time": f"{timezone.localtime(scan.scanned_at, scan.merchant.tz):%H:%M}",
        "tone": word.tone,
        "icon": word.icon,
        "title": word.title,
        "code": scan.code,
        "order": scan.shipment.order.number if scan.shipment else "",
    }
