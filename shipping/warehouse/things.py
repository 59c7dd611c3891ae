"""A thing is scanned at the pack station: does it go into the box?"""

from typing import Any

from django.db.models import Q

from orders.models import Product
from shipping.models import Box, Shipment, ShipmentLine
from shipping.status import Direction, ScanOutcome, Stage
from shipping.warehouse import bench, gs1
from shipping.warehouse.bench import Asked, Verb
from shipping.warehouse.closing import choose, put_in
from shipping.warehouse.opening import by_number, named, open_parcel
from shipping.warehouse.packed import blocked
from shipping.warehouse.pull import Judged, Pull
from shipping.warehouse.table import Table, line_of

O = ScanOutcome  # noqa: E741


def item(pull: Pull, table: Table, asked: Asked) -> Judged:
    if refused := blocked(pull, pull.code, table.shipment, table.order):
        return refused
    thing, fits = gs1.read(pull.code), bench.fitting(table.lines, gs1.read(pull.code))
    if fits:  # a SKU may look like a typed quantity
        asked = Asked(Verb.ITEM, pull.code)
    elif asked.typed:
        thing = gs1.read(asked.text)
        fits = bench.fitting(table.lines, thing)
    if thing.misread:
        return Judged(O.UNKNOWN, pull.code, table.shipment, details={"did": "misread"})
    if not fits:
        return _not_in_here(pull, table, thing)
    if asked.typed and not table.order.merchant.typed_quantities:
        return Judged(O.TOO_MANY, pull.code, table.shipment, details={"did": "typed"})
    return _count_in(pull, table, thing, fits, asked.pieces * thing.pieces)


def _count_in(pull: Pull, table: Table, thing: gs1.Item, fits: list[bench.Line], pieces: int) -> Judged:
    today = pull.at.astimezone(table.order.merchant.tz).date()
    details: dict[str, Any] = thing.details(today)
    took = bench.put_in(fits, pieces)
    line = table.rows[next(iter(took), fits[0].pk)]
    shown: dict[str, Any] = {"line": line.pk, "item": line.order_line.name, "pieces": pieces}
    said: dict[str, Any] = {"code": pull.code, "shipment": table.shipment, "line": line, "shown": shown}
    if thing.serial and _is_in(table, fits, thing.serial):
        return Judged(O.REPEATED, **said, details=details | {"did": "serial"})
    if not took:
        shown["room"] = sum(fit.missing for fit in fits)
        if other := _elsewhere(table, thing):
            shown["other"] = named(other)
        return Judged(O.TOO_MANY, **said, details=details)
    table.add(took)
    if pieces > 1:
        details["took"] = {str(pk): count for pk, count in took.items()}
    if (expires := thing.expires(today)) and expires < today:
        details["expired"] = True
    return Judged(O.RIGHT_ITEM, **said, details=details)


def _is_in(table: Table, fits: list[bench.Line], serial: str) -> bool:
    """Whether this very piece is in the box already."""
    return put_in(table).filter(details__serial=serial, line__in=[fit.pk for fit in fits]).exists()


def _not_in_here(pull: Pull, table: Table, thing: gs1.Item) -> Judged:
    """Another parcel of the order wants it, or it is a box, a thing of the shop, or another parcel's label."""
    shipment, merchant = table.shipment, table.order.merchant
    if other := _elsewhere(table, thing):
        return Judged(O.WRONG_PARCEL, pull.code, shipment, shown={"other": named(other)})
    box = Box.objects.filter(merchant=merchant, active=True, code=thing.text).first() if thing.text else None
    if box:
        return choose(table, box, pull.code)
    same = Q(sku=thing.text) | Q(gtin__in=thing.gtins) if thing.gtins else Q(sku=thing.text)
    if product := Product.objects.filter(same, merchant=merchant).first():
        return Judged(O.WRONG_ITEM, pull.code, shipment, shown={"item": product.name})
    if labelled := by_number(pull, thing.text):
        if labelled.pk == shipment.pk:
            return open_parcel(pull, table, again=True)
        return Judged(O.WRONG_PARCEL, pull.code, shipment, shown={"other": named(labelled), "slip": True})
    return Judged(O.UNKNOWN, pull.code, shipment, details={"did": "thing"})


def _elsewhere(table: Table, thing: gs1.Item) -> Shipment | None:
    """The other open parcel of the same order that still wants this thing."""
    rows = ShipmentLine.objects.filter(
        shipment__order=table.order,
        shipment__direction=Direction.OUTBOUND,
        shipment__supplier__isnull=True,
        shipment__stage=Stage.OPEN,
    ).exclude(shipment=table.shipment)
    others = {row.pk: row for row in rows.select_related("shipment__order", "order_line__product")}
    fits = bench.fitting([line_of(row) for row in others.values()], thing)
    return next((others[fit.pk].shipment for fit in fits if fit.missing), None)
