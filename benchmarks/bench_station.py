"""How fast the pack station answers on a million shipments in PostgreSQL, beside the least that an answer needs.

    python benchmarks/bench_station.py [shipments, default 1000000] [parcels packed, default 60]

Parcels are packed through the station's own URL: the slip, each piece, one wrong piece, done. Every answer is timed
at the server, from the request's bytes to the answer's (Django's test client: all middleware, sessions, no socket).
The baseline of the same run is bare SQL on the same connection: find the parcel by its code, add the row of the scan,
commit. It is measured on 1,000 shipments too, so that one sees what a million cost. The last line is one JSON object.
"""

import json
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable

from rows import copy_orders, postgres, settle

_GTINS = ("4006381333900", "4006381333917", "4006381333924", "4006381333931", "4006381333948")
_INSERT = """
INSERT INTO shipping_scan (client_id, merchant_id, shipment_id, code, mode, outcome, operator_id, station, scanned_at,
                           received_at, details)
VALUES (%s, %s, %s, %s, 'station', 'right_item', %s, 'Table 1', now(), now(), '{}')
"""


def main(count: int, packed: int) -> None:
    with postgres():
        shop, bob = _shop()
        found = {}
        for size in (1_000, count):
            began = time.perf_counter()
            _fill(shop, size)
            print(f"{size:,} shipments, filled in {time.perf_counter() - began:.0f} s", flush=True)
            found[size] = _measure(shop, bob, packed)
            for name, row in found[size].items():
                print(
                    f"  {name:<12} " + "  ".join(f"{key} {value:8.2f}" for key, value in row.items()),
                    flush=True,
                )
    slow = found[count]["all"]
    print(
        json.dumps(
            {
                "shipments": count,
                "p50_ms": slow["p50"], "p95_ms": slow["p95"], "max_ms": slow["max"],
                "bare_p50_ms": found[count]["bare"]["p50"],
                "ratio_to_bare": round(slow["p50"] / found[count]["bare"]["p50"], 1),
                "ratio_to_1000_shipments": round(slow["p50"] / found[1_000]["all"]["p50"], 2),
                "goal_ms": 200, "goal_met": slow["max"] < 200,
            }
        )
    )  # fmt: skip


def _shop() -> tuple:
    from tests.factories import make_merchant, make_product, make_user

    shop = make_merchant()
    for number in range(5):
        make_product(shop, f"SKU-{number}", gtin=_GTINS[number], on_hand=10**8, name=f"Thing {number}")
    make_product(shop, "OTHER", on_hand=10)
    return shop, make_user("bob", shop, "warehouse")


def _fill(shop, size: int) -> None:
    """One in fifty (200 at least) is still to pack, the rest have left: as in a shop that ships some 20,000 a day."""
    from django.utils import timezone

    from orders.models import Order, User
    from orders.place import IncomingLine
    from shipping.models import Shipment
    from shipping.warehouse.scanning import scan
    from tests.factories import make_shipment

    now, bob = timezone.now(), User.objects.get(username="bob")
    have = Shipment.objects.count()
    lines = tuple(IncomingLine(f"SKU-{number}", 1 + number % 2) for number in range(5))
    gone = make_shipment(shop, now=now, lines=lines)
    waits = make_shipment(shop, now=now, lines=lines)
    for mode in ("pack", "handover"):
        scan(user=bob, code=gone.code, mode=mode, client_id=uuid.uuid4(), now=now)
    to_pack = max(200, (size - have) // 50)
    copy_orders(Order.objects.get(pk=waits.order_id), to_pack)
    copy_orders(Order.objects.get(pk=gone.order_id), size - have - to_pack - 2)
    settle()


def _measure(shop, bob, packed: int) -> dict[str, dict[str, float]]:
    from django.db import connection
    from django.test import Client

    from shipping.models import Shipment

    client = Client(HTTP_HOST="localhost")
    client.force_login(bob)
    codes = list(Shipment.objects.filter(stage="open").values_list("code", flat=True))
    draw = random.Random(len(codes))
    chosen = draw.sample(codes, packed + 5)
    times: dict[str, list[float]] = {"slip": [], "item": [], "wrong item": [], "done": [], "bare": []}

    def post(kind: str, code: str, subject: str, outcome: str) -> str:
        data = {"code": code, "mode": "station", "client_id": str(uuid.uuid4()), "subject": subject,
                "station": "Table 1", "owner": str(bob.pk)}  # fmt: skip
        answer = _timed(
            times[kind],
            lambda: client.post("/scan/", data, secure=True, headers={"Accept": "application/json"}),
        )
        assert answer.status_code == 200, (answer.status_code, answer.content[:300])
        said = answer.json()["result"]
        assert said["outcome"] == outcome, (kind, said)
        return said["subject"]

    from shipping.documents.contexts import contexts_for

    for at, code in enumerate(chosen):
        if at == 5:  # the first five warm the caches up
            for kind in times.values():
                kind.clear()
        slip = contexts_for(shop, [Shipment.objects.get(code=code).pk])[0].slip
        bench = post("slip", slip.code + slip.hash, "", "opened")
        post("wrong item", "OTHER", bench, "wrong_item")
        for number in range(5):
            for _ in range(1 + number % 2):
                post("item", _GTINS[number], bench, "right_item")
        post("done", "=DONE", bench, "packed")

        def bare(code: str = code) -> None:
            with connection.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("SELECT id, stage FROM shipping_shipment WHERE code = %s", [code])
                found, _stage = cursor.fetchone()
                cursor.execute(
                    "UPDATE shipping_shipmentline SET packed = packed WHERE id ="
                    " (SELECT min(id) FROM shipping_shipmentline WHERE shipment_id = %s)",
                    [found],
                )
                cursor.execute(_INSERT, [uuid.uuid4(), shop.pk, found, code, bob.pk])
                cursor.execute("COMMIT")

        _timed(times["bare"], bare)
    everything = [value for kind, values in times.items() if kind != "bare" for value in values]
    return {kind: _told(values) for kind, values in (times | {"all": everything}).items()}


def _timed(into: list[float], call: Callable):
    began = time.perf_counter()
    answer = call()
    into.append((time.perf_counter() - began) * 1000)
    return answer


def _told(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20)
    return {
        "p50": round(cuts[9], 2),
        "p95": round(cuts[18], 2),
        "max": round(max(values), 2),
        "n": len(values),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 60)
