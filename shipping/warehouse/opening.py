"""A parcel comes onto the pack station's bench."""

from typing import Any

from shipping.documents.freshness import is_stale, split_code
from shipping.models import Shipment
from shipping.models.shipment import FROM_HERE
from shipping.status import ScanOutcome
from shipping.warehouse import gs1
from shipping.warehouse.closing import close, print_run
from shipping.warehouse.parcels import split_missing
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.table import Table, surroundings

O = ScanOutcome  # noqa: E741


def open_parcel(pull: Pull, table: Table, again: bool) -> Judged:
    shipment, code = table.shipment, table.shipment.code
    if again and table.rows and not table.missing:
        return close(pull, table, printing="")
    if not again and is_stale(shipment, split_code(pull.code)[1]):
        return Judged(O.STALE_SLIP, code, shipment)
    details = {} if table.begun else _put_missing_aside(pull, table)
    return Judged(O.OPENED, code, shipment, details=details, shown=surroundings(pull, table))


def _put_missing_aside(pull: Pull, table: Table) -> dict[str, Any]:
    """What is not in stock leaves the parcel before anything goes into it; the slip in hand is then no longer true."""
    try:
        waiting = split_missing(table.shipment, now=pull.now)
    except ValueError:  # nothing of it is there by the books: the packer sees what is on the shelf
        return {"did": "nostock"}
    if waiting is None:
        return {}
    table.read_again()
    run = print_run(pull, table, "SLIPS", [table.shipment.pk])
    return {"did": "aside", "waits": waiting.code} | ({"print_run": run} if run else {})


def by_number(pull: Pull, text: str) -> Shipment | None:
    """A parcel by its carrier's label: the tracking number, which may be an SSCC."""
    sscc = gs1.read(text).sscc
    numbers = {text, text.upper()} | ({sscc, f"00{sscc}"} if sscc else set())
    mine = Shipment.objects.filter(FROM_HERE, merchant__in=pull.merchants)
    return mine.filter(tracking_number__in=numbers - {""}).order_by("-pk").first()


def named(shipment: Shipment) -> dict[str, Any]:
    return {"code": shipment.code, "position": shipment.position, "order": shipment.order.number}
