"""How fast orders and events come in, beside a raw INSERT loop of the same rows in the same run.

    python benchmarks/bench_intake.py [orders, default 2000]

Orders are made up (one to three lines, as in Olist). A throwaway SQLite database, or DATABASE_URL's where it is
set (use an empty one). The last line is one JSON object.
"""

import json
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as var:
        os.environ |= {"VAR_DIR": var, "DJANGO_SETTINGS_MODULE": "tracker.settings", "LOG_LEVEL": "ERROR"}
        os.environ["BROKER_URL"] = "memory://"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        run(count)


def made_up(count: int) -> list:
    from orders.place import IncomingAddress, IncomingLine, IncomingOrder

    draw, start = random.Random(7), datetime(2026, 1, 1, tzinfo=UTC)
    return [
        IncomingOrder(
            source="bench",
            external_id=f"B{n}",
            placed_at=start + timedelta(minutes=n),
            email=f"c{draw.randrange(count)}@customers.example",
            address=IncomingAddress(f"Customer {n}", "Road 1", "Recife", "BR", postal_code="50000"),
            lines=tuple(
                IncomingLine(f"SKU-{draw.randrange(count)}", 1, "Thing", Decimal("9.90"), 500)
                for _ in range(draw.choice([1, 1, 1, 1, 2, 3]))
            ),
        )
        for n in range(count)
    ]


def run(count: int) -> None:
    from orders.place import place
    from shipping.carriers.base import Reading
    from shipping.models import Shipment, TrackingEvent
    from shipping.tracking.record import record
    from tracker.replay import replay_merchant

    merchant = replay_merchant("bench", zone="UTC", country="BR", currency="BRL", notify=True)
    orders = made_up(count)
    began = time.perf_counter()
    parcels = []
    for order in orders:
        placed = place(order, merchant=merchant, now=order.placed_at)
        parcels.append((placed.order.pk, order.placed_at))
    orders_s = count / (time.perf_counter() - began)

    ids = dict(Shipment.objects.values_list("order_id", "pk"))
    began = time.perf_counter()
    for order_id, at in parcels:
        for hours, status in ((30, "picked_up"), (90, "delivered")):
            when = at + timedelta(hours=hours)
            said = Reading(
                status,
                when,
                shipment_id=ids[order_id],
                source="csv",
                code=status,
                message="Scan",
                city="Recife",
            )
            record([said], merchant=merchant, now=when)
    events_s = 2 * count / (time.perf_counter() - began)
    assert TrackingEvent.objects.count() == 2 * count

    raw_orders_s = raw_orders(count)
    raw_events_s = raw_events(parcels, ids)
    print(
        f"orders: {orders_s:,.0f}/s by place(); {raw_orders_s:,.0f}/s by a raw INSERT loop of the same rows"
    )
    print(f"events: {events_s:,.0f}/s by record(); {raw_events_s:,.0f}/s by a raw INSERT loop")
    print(
        json.dumps(
            {
                "bench": "intake",
                "orders": count,
                "orders_per_s": round(orders_s),
                "events_per_s": round(events_s),
                "baseline_raw_insert_orders_per_s": round(raw_orders_s),
                "baseline_raw_insert_events_per_s": round(raw_events_s),
                "ratio_orders": round(orders_s / raw_orders_s, 3),
                "ratio_events": round(events_s / raw_events_s, 3),
            }
        )
    )


def copy_rows(cursor, table: str, where: str, args: list, changes: dict[str, object], quote) -> None:
    """Insert a row again as it stands, but for `changes`: what a hand-written INSERT of it would cost."""
    cursor.execute(f"SELECT * FROM {table} WHERE {where} LIMIT 1", args)
    names = [column[0] for column in cursor.description]
    row = dict(zip(names, cursor.fetchone(), strict=True)) | changes
    row.pop("id")
    marks = ", ".join(["%s"] * len(row))
    return (
        f"INSERT INTO {table} ({', '.join(map(quote, row))}) VALUES ({marks})",
        list(row.values()),
        list(row),
    )


def raw_orders(count: int) -> float:
    """One transaction an order: order, address, line, ledger row, parcel, parcel line, promise, notice."""
    from django.db import connection, transaction

    from orders.models import Order

    tables = [
        ("orders_order", "id = %s"), ("orders_shippingaddress", "order_id = %s"), ("orders_orderline", "order_id = %s"),
        ("orders_orderevent", "order_id = %s"), ("shipping_shipment", "order_id = %s"), ("notifications_notice", "order_id = %s"),
    ]  # fmt: skip
    order_id = Order.objects.values_list("pk", flat=True).first()
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        statements = [copy_rows(cursor, table, where, [order_id], {}, quote) for table, where in tables]
        began = time.perf_counter()
        for n in range(count):
            with transaction.atomic():
                new_id = None
                for (sql, row, columns), (table, _) in zip(statements, tables, strict=True):
                    values = dict(zip(columns, row, strict=True))
                    if table == "orders_order":
                        values |= {
                            "number": f"RAW-{n}",
                            "external_id": f"RAW-{n}",
                            "public_key": f"raw{n:019d}",
                        }
                    else:
                        values |= {"order_id": new_id}
                    if table == "shipping_shipment":
                        values |= {"code": f"R{n}"}
                    cursor.execute(sql, list(values.values()))
                    if table == "orders_order":
                        cursor.execute("SELECT id FROM orders_order WHERE public_key = %s", [f"raw{n:019d}"])
                        new_id = cursor.fetchone()[0]
        return count / (time.perf_counter() - began)


def raw_events(parcels: list, ids: dict) -> float:
    from django.db import connection, transaction

    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        sql, row, columns = copy_rows(cursor, "shipping_trackingevent", "id > %s", [0], {}, quote)
        began = time.perf_counter()
        for order_id, _ in parcels:
            for step in range(2):
                values = dict(zip(columns, row, strict=True))
                values |= {"shipment_id": ids[order_id], "fingerprint": f"raw{order_id}-{step}"}
                with transaction.atomic():
                    cursor.execute(sql, list(values.values()))
        return 2 * len(parcels) / (time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
