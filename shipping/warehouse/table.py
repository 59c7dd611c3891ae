"""The parcel on the bench with its order and lines, locked, and as the page shows it."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from orders.lifecycle import lock_order
from orders.models import Order
from shipping.models import Box, Scan, Shipment, ShipmentLine
from shipping.status import Direction, ScanOutcome, Stage
from shipping.warehouse.bench import Line, expected_g
from shipping.warehouse.pull import Pull

HERE = timedelta(minutes=30)
MOST_BOXES = 60


@dataclass
class Table:
    order: Order
    shipment: Shipment
    rows: dict[int, ShipmentLine]

    @property
    def lines(self) -> list[Line]:
        return [line_of(row) for row in self.rows.values()]

    @property
    def missing(self) -> int:
        return sum(row.quantity - row.packed for row in self.rows.values())

    @property
    def begun(self) -> bool:
        return any(row.packed for row in self.rows.values())

    @cached_property
    def box(self) -> Box | None:
        return self.shipment.box

    @property
    def expected_g(self) -> int | None:
        return expected_g(self.lines, self.box.weight_g if self.box else 0)

    def read_again(self) -> None:
        """After a split: what stays in the parcel."""
        self.shipment.refresh_from_db(fields=["weight_g"])
        self.rows = _rows(self.shipment)

    def add(self, took: dict[int, int], sign: int = 1) -> None:
        """Count pieces into the box, or out of it."""
        for pk, pieces in took.items():
            if row := self.rows.get(pk):
                row.packed = min(row.quantity, max(0, row.packed + sign * pieces))
                row.save(update_fields=["packed"])


def lay(shipment: Shipment) -> Table:
    """Lock the order, then the parcel, and read its lines as they are now."""
    order = lock_order(shipment.order_id)
    shipment = Shipment.objects.select_for_update().get(pk=shipment.pk)
    shipment.order = order
    return Table(order, shipment, _rows(shipment))


def glance(shipment: Shipment) -> Table:
    """The same without a lock, to look at only."""
    return Table(shipment.order, shipment, _rows(shipment))


def _rows(shipment: Shipment) -> dict[int, ShipmentLine]:
    rows = shipment.lines.select_related("order_line__product").order_by("order_line__position")
    return {row.pk: row for row in rows}


def line_of(row: ShipmentLine) -> Line:
    product = row.order_line.product
    gtin = product.gtin.zfill(14) if product.gtin.isdecimal() else ""
    return Line(row.pk, product.pk, row.order_line.sku, gtin, row.quantity, row.packed, product.weight_g)


def picture(table: Table) -> dict[str, Any]:
    """What the page shows and keeps, to judge by itself when the network is away."""
    shipment = table.shipment
    names = {row.pk: row.order_line.name for row in table.rows.values()}
    return {
        "code": shipment.code,
        "order": table.order.number,
        "position": shipment.position,
        "stage": shipment.stage,
        "lines": [
            {
                "id": line.pk, "sku": line.sku, "gtin": line.gtin, "name": names[line.pk],
                "quantity": line.quantity, "packed": line.packed,
            }
            for line in table.lines
        ],
        "missing": table.missing,
        "weight_g": shipment.weight_g,
        "expected_g": table.expected_g,
        "box": shipment.box_id,
        "typed": table.order.merchant.typed_quantities,
    }  # fmt: skip


def surroundings(pull: Pull, table: Table) -> dict[str, Any]:
    """What is told once, when a parcel is opened: the order's other parcels, the boxes, who else is at it."""
    order, boxes = table.order, Box.objects.filter(merchant=table.order.merchant, active=True)
    return {
        "of": order.shipments.filter(direction=Direction.OUTBOUND).exclude(stage=Stage.VOID).count(),
        "boxes": list(boxes.values("id", "name", "code", "weight_g")[:MOST_BOXES]),
        "gift": order.gift_message,
        "note": order.note,
        "colleague": _colleague(pull, table.shipment),
    }


def _colleague(pull: Pull, shipment: Shipment) -> dict[str, Any] | None:
    """The other person who last put something into this box, if that is not long ago."""
    put = Scan.objects.filter(
        shipment=shipment, outcome=ScanOutcome.RIGHT_ITEM, received_at__gte=pull.now - HERE
    )
    last = put.exclude(operator=pull.user).select_related("operator").order_by("-pk").first()
    if last is None or last.operator is None:
        return None
    minutes = round((pull.now - last.scanned_at).total_seconds() / 60)
    return {"name": last.operator.get_username(), "station": last.station, "minutes": max(0, minutes)}
