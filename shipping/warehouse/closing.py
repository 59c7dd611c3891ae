"""What the pack station's buttons ask: take back, close, split, weigh, choose a box, print."""

from typing import Any

from django.db.models import QuerySet

from shipping.documents.runs import NothingToPrint, start_run
from shipping.models import Box, Scan
from shipping.status import DocumentKind, ScanOutcome
from shipping.warehouse import bench
from shipping.warehouse.bench import Asked
from shipping.warehouse.packed import blocked, pack
from shipping.warehouse.parcels import split_off
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.table import Table, surroundings

O = ScanOutcome  # noqa: E741
_PAPERS = {"LABELS": DocumentKind.LABELS, "SLIPS": DocumentKind.SLIPS, "BOTH": DocumentKind.BOTH}


def put_in(table: Table) -> QuerySet[Scan]:
    """What went into this box and was not taken back."""
    return Scan.objects.filter(shipment=table.shipment, outcome=O.RIGHT_ITEM, undone_by__isnull=True)


def undo(pull: Pull, table: Table, asked: Asked) -> Judged:
    """Take back this person's last piece, or with a line's id the last piece of that line."""
    if refused := blocked(pull, pull.code, table.shipment, table.order):
        return refused
    put = put_in(table)
    put = put.filter(line=asked.number) if asked.number else put.filter(operator=pull.user)
    last = put.order_by("-pk").first()
    if last is None:
        return Judged(O.NOT_PACKED, pull.code, table.shipment, details={"did": "nothing"})
    took = last.details.get("took") or {str(last.line_id): 1}
    table.add({int(pk): count for pk, count in took.items() if pk.isdecimal()}, sign=-1)
    line = table.rows.get(last.line_id or 0)
    shown = {"line": last.line_id, "item": line.order_line.name if line else ""}
    return Judged(O.UNDONE, pull.code, table.shipment, line=line, undoes=last, shown=shown)


def done(pull: Pull, table: Table, asked: Asked) -> Judged:
    if refused := blocked(pull, pull.code, table.shipment, table.order):
        return refused
    if table.missing:
        details = {"did": "incomplete", "missing": table.missing}
        return Judged(O.NOT_PACKED, pull.code, table.shipment, details=details)
    return close(pull, table, printing=asked.text)


def close(pull: Pull, table: Table, printing: str) -> Judged:
    shipment, actor = table.shipment, pull.user.get_username()
    opened = Scan.objects.filter(shipment=shipment, outcome=O.OPENED).order_by("pk")
    told = [said for said in opened.values_list("details", flat=True) if said]
    weighed = any(details.get("did") == "weight" for details in told)
    expected = table.expected_g
    if not weighed and expected is not None:
        shipment.weight_g = expected
        shipment.save(update_fields=["weight_g"])
    pack(shipment, table.order, actor=actor, at=pull.at, now=pull.now)
    split_into = [details["into"] for details in told if details.get("did") == "split"]
    details: dict[str, Any] = {"did": "done"}
    if printing and (run := print_run(pull, table, printing, [shipment.pk])):
        details["print_run"] = run
    return Judged(
        O.PACKED,
        shipment.code,
        shipment,
        details=details,
        shown={"next": split_into[-1]} if split_into else {},
    )


def split(pull: Pull, table: Table, asked: Asked) -> Judged:
    """What is in the box stays; what is missing goes into a new parcel, and both need new slips."""
    if refused := blocked(pull, pull.code, table.shipment, table.order):
        return refused
    missing = {pk: row.quantity - row.packed for pk, row in table.rows.items() if row.packed < row.quantity}
    if not table.begun or not missing:
        did = "empty" if missing else "whole"
        return Judged(O.NOT_PACKED, pull.code, table.shipment, details={"did": did})
    new = split_off(table.shipment, missing, now=pull.now)
    table.read_again()
    details: dict[str, Any] = {"did": "split", "into": new.code, "pieces": sum(missing.values())}
    if run := print_run(pull, table, "SLIPS", [table.shipment.pk, new.pk]):
        details["print_run"] = run
    shown = surroundings(pull, table) | {"other": {"code": new.code, "position": new.position}}
    return Judged(O.OPENED, pull.code, table.shipment, details=details, shown=shown)


def weigh(pull: Pull, table: Table, asked: Asked) -> Judged:
    shipment, grams = table.shipment, asked.number
    if refused := blocked(pull, pull.code, shipment, table.order):
        return refused
    if not 0 < grams <= bench.MOST_G:
        return Judged(O.NOT_PACKED, pull.code, shipment, details={"did": "no_weight"})
    expected = table.expected_g
    warning = bench.weight_warning(grams, expected, table.box.max_g if table.box else 0)
    shipment.weight_g = grams
    shipment.save(update_fields=["weight_g"])
    details = {"did": "weight", "weight_g": grams, "expected_g": expected, "warning": warning}
    return Judged(O.OPENED, pull.code, shipment, details=details)


def choose_box(pull: Pull, table: Table, asked: Asked) -> Judged:
    if refused := blocked(pull, pull.code, table.shipment, table.order):
        return refused
    mine = Box.objects.filter(merchant=table.order.merchant, active=True)
    box = mine.filter(pk=asked.number).first()
    if box is None and asked.text not in ("", "0"):
        return Judged(O.UNKNOWN, pull.code, table.shipment, details={"did": "thing"})
    return choose(table, box, pull.code)


def choose(table: Table, box: Box | None, code: str) -> Judged:
    table.shipment.box = table.box = box
    table.shipment.save(update_fields=["box"])
    details = {"did": "box", "box": box.pk if box else None, "name": box.name if box else ""}
    return Judged(O.OPENED, code, table.shipment, details=details)


def print_again(pull: Pull, table: Table, asked: Asked) -> Judged:
    refused = blocked(pull, pull.code, table.shipment, table.order)
    if refused and refused.outcome == O.CANCELLED:
        return refused
    run = print_run(pull, table, asked.text, [table.shipment.pk])
    details = {"did": "print", "print_run": run} if run else {"did": "nothing"}
    return Judged(O.OPENED if run else O.NOT_PACKED, pull.code, table.shipment, details=details)


def print_run(pull: Pull, table: Table, what: str, shipment_ids: list[int]) -> int | None:
    """A print run that waits for its worker; whoever calls the station tells one."""
    kind = _PAPERS.get(what, DocumentKind.LABELS)
    try:
        run = start_run(
            merchant=table.order.merchant, user=pull.user, kind=kind, shipment_ids=shipment_ids, now=pull.now
        )
    except NothingToPrint:
        return None
    return run.pk
