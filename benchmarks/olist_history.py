"""Turn the Olist data set into the CSV that `manage.py backtest_promise` and `backtest_late` read.

    python benchmarks/olist_history.py ../shared/data/olist history.csv

One row for each order that was handed to a carrier and has items. The origin is the first item's seller's state, the
destination the customer's; `promised_at` is the end of the day that the shop promised. The data names no carrier and no
service. Its times have no zone: they are Brazilian (America/Sao_Paulo).
"""

import csv
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent))
from olist import table

ZONE = ZoneInfo("America/Sao_Paulo")
COLUMNS = (
    "shipment_id", "carrier", "service", "origin_region", "destination_region", "handed_over_at", "delivered_at", "promised_at",
    "weight_g",
)  # fmt: skip


def convert(source: Path, target: Path) -> int:
    sellers = {row["seller_id"]: row["seller_state"] for row in table(source, "sellers")}
    customers = {row["customer_id"]: row["customer_state"] for row in table(source, "customers")}
    weights = {row["product_id"]: row["product_weight_g"] for row in table(source, "products")}
    origin: dict[str, str] = {}
    weight: dict[str, int] = {}
    for row in table(source, "order_items"):
        order = row["order_id"]
        origin.setdefault(order, sellers.get(row["seller_id"], ""))
        weight[order] = weight.get(order, 0) + int(float(weights.get(row["product_id"]) or 0))
    rows = [
        (
            order["order_id"], "carrier", "", f"BR-{origin[order['order_id']]}", f"BR-{customers[order['customer_id']]}",
            _iso(order["order_delivered_carrier_date"]), _iso(order["order_delivered_customer_date"]),
            _iso(order["order_estimated_delivery_date"]), weight[order["order_id"]],
        )
        for order in table(source, "orders")
        if order["order_delivered_carrier_date"] and order["order_id"] in origin
    ]  # fmt: skip
    with target.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(COLUMNS)
        sheet.writerows(rows)
    return len(rows)


def _iso(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).isoformat() if text else ""


if __name__ == "__main__":
    print(convert(Path(sys.argv[1]), Path(sys.argv[2])), "parcels")
