"""Turn the Olist data set (Brazilian marketplace orders, 2016 to 2018) into an order CSV and an event CSV.

    python benchmarks/olist.py ../shared/data/olist out/

writes out/orders.csv (docs/csv.md), out/events.csv (for `manage.py replay`) and out/expected.csv (the status
that the data says each order ended in).

What the data does not say, and what is written instead:
- no street: "(street not in the data)"; no e-mail: <customer_unique_id>@customers.example
- no time of cancellation: at approval, or at purchase when it never was approved
- 118 shipped orders without a hand-over time: at approval or purchase; 1 delivered without a time: the promised day
- "unavailable" (the seller has no goods) is an order called off: cancelled. "invoiced" is processing, "created" pending
- times have no zone: they are Brazilian (America/Sao_Paulo), the zone of the merchant they are replayed for
"""

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

STATUS = {
    "delivered": "delivered", "shipped": "shipped", "canceled": "cancelled", "unavailable": "cancelled",
    "invoiced": "processing", "processing": "processing", "created": "pending", "approved": "processing",
}  # fmt: skip


def table(source: Path, name: str) -> Iterator[dict[str, str]]:
    with gzip.open(source / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def convert(source: Path, target: Path) -> dict[str, int]:
    """Returns how many orders and events were written."""
    target.mkdir(parents=True, exist_ok=True)
    customers = {row["customer_id"]: row for row in table(source, "customers")}
    products = {row["product_id"]: row for row in table(source, "products")}
    items: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in table(source, "order_items"):
        items[row["order_id"]].append(row)
    orders = sorted(table(source, "orders"), key=lambda row: row["order_purchase_timestamp"])
    events = sorted(
        (event for order in orders for event in events_of(order, customers)), key=lambda event: event["at"]
    )
    _write(
        target / "orders.csv", (row for order in orders for row in rows_of(order, customers, items, products))
    )
    _write(target / "events.csv", events)
    _write(
        target / "expected.csv",
        ({"order_id": o["order_id"], "status": STATUS[o["order_status"]]} for o in orders),
    )
    return {"orders": len(orders), "events": len(events)}


def _write(path: Path, rows) -> None:
    rows = iter(rows)
    first = next(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(rows)


def rows_of(order, customers, items, products) -> Iterator[dict[str, str]]:
    """An order's rows; one without items keeps one row with no SKU, so that the import can say what is wrong."""
    who = customers[order["customer_id"]]
    lines: dict[str, dict[str, str]] = {}
    for item in items[order["order_id"]]:
        line = lines.setdefault(item["product_id"], {"unit_price": item["price"], "quantity": "0"})
        line["quantity"] = str(int(line["quantity"]) + 1)
    freight = sum(float(item["freight_value"]) for item in items[order["order_id"]])
    for sku, line in lines.items() or [("", {"unit_price": "", "quantity": ""})]:
        product = products.get(sku, {})
        yield {
            "order_id": order["order_id"],
            "placed_at": order["order_purchase_timestamp"],
            "email": f"{who['customer_unique_id']}@customers.example",
            "name": f"Customer {who['customer_unique_id'][:8]}",
            "address1": "(street not in the data)",
            "city": who["customer_city"],
            "region": who["customer_state"],
            "postal_code": who["customer_zip_code_prefix"],
            "country": "BR",
            "sku": sku,
            "product_name": product.get("product_category_name", "").replace("_", " "),
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
            "weight_g": product.get("product_weight_g", ""),
            "currency": "BRL",
            "promised_on": order["order_estimated_delivery_date"][:10],
            "shipping_price": f"{freight:.2f}",
        }


def events_of(order, customers) -> Iterator[dict[str, str]]:
    purchased, approved = order["order_purchase_timestamp"], order["order_approved_at"]
    status = STATUS[order["order_status"]]
    who = customers[order["customer_id"]]

    def event(at: str, what: str, message: str = "", city: str = "", region: str = "") -> dict[str, str]:
        return {
            "at": at if len(at) > 10 else f"{at} 12:00:00", "order_id": order["order_id"], "what": what,
            "message": message, "city": city, "region": region, "country": "BR" if city else "",
        }  # fmt: skip

    if status == "cancelled":
        yield event(approved or purchased, "cancelled")
    elif approved or status in ("processing", "shipped", "delivered"):
        yield event(approved or purchased, "approved")
    handed = order["order_delivered_carrier_date"]
    if handed or status == "shipped":
        yield event(handed or approved or purchased, "picked_up", "Handed over to the carrier")
    delivered = order["order_delivered_customer_date"]
    if delivered or status == "delivered":
        when = delivered or order["order_estimated_delivery_date"]
        yield event(
            when, "delivered", "Delivered to the customer", who["customer_city"], who["customer_state"]
        )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    done = convert(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{done['orders']:,} orders and {done['events']:,} events written to {sys.argv[2]}")
