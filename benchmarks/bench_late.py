"""The first page of the queue, with its facets, on five million shipments in PostgreSQL, beside the least that such a page needs.

    python benchmarks/bench_late.py [shipments, default 5000000] [open ones, default 200000] [cases, default 5000]

The page is timed at the server, from the request's bytes to the answer's (Django's test client: all middleware, sessions, no
socket), unfiltered, filtered by a carrier, and as the last page. The baselines of the same run are bare SQL on the same
connection: the fifty open shipments whose promise broke first, by the partial index on open shipments and without any such; and the
fifty worst open cases. The last line is one JSON object.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable

from rows import copy_orders, postgres, settle

GOAL_MS = 60
_OPEN = "stage IN ('open', 'packed', 'handed_over') AND NOT (tracking_status IN ('delivered', 'returned', 'cancelled'))"
_LATE = f"SELECT * FROM shipping_shipment WHERE {_OPEN} AND promised_to <= current_date ORDER BY promised_to LIMIT 50"
_WORST = "SELECT * FROM shipping_latecase WHERE closed_at IS NULL AND merchant_id = %s ORDER BY score DESC LIMIT 50"
_RULES = ("past_promise", "silent", "handover_gap", "lost", "customs", "attempt_failed", "at_risk", "slipped")


def main(count: int, still_open: int, cases: int) -> None:
    with postgres():
        from django.core.management import call_command

        from tests.factories import make_merchant, make_user

        call_command("collectstatic", interactive=False, verbosity=0)
        shop = make_merchant()
        alice = make_user("alice", shop)
        began = time.perf_counter()
        _fill(shop, count, still_open, cases)
        print(f"{count:,} shipments, filled in {time.perf_counter() - began:.0f} s", flush=True)
        found = _measure(shop, alice)
        for name, row in found.items():
            print(f"  {name:<34} p50 {row['p50']:8.2f} ms  p95 {row['p95']:8.2f} ms", flush=True)
        page, bare = found["the first page"], found["bare, by the partial index"]
        print(
            json.dumps(
                {
                    "shipments": count, "open": still_open, "cases": cases,
                    "page_p50_ms": page["p50"], "page_p95_ms": page["p95"], "bare_p50_ms": bare["p50"],
                    "bare_without_index_p50_ms": found["bare, without an index"]["p50"],
                    "ratio_to_bare_without_index": round(page["p50"] / found["bare, without an index"]["p50"], 2),
                    "goal_ms": GOAL_MS, "goal_met": page["p95"] < GOAL_MS,
                }
            )
        )  # fmt: skip


def _fill(shop, count: int, still_open: int, cases: int) -> None:
    """Open parcels have orders of their own; the delivered ones hang on a few orders, a thousand each."""
    from django.db import connection
    from django.utils import timezone

    from shipping.models import Shipment
    from tests.factories import make_shipment

    shipment = make_shipment(shop, now=timezone.now(), carrier="DHL", tracking_number="T")
    copy_orders(shipment.order, still_open - 1)
    columns = [field.column for field in Shipment._meta.concrete_fields if not field.primary_key]
    fresh = {
        "position": "2 + n %% 1000", "code": "'D' || n", "tracking_number": "'D' || n", "tracking_status": "'delivered'",
        "stage": "'handed_over'", "handed_over_at": "now() - (n %% 900) * interval '1 day'",
        "delivered_at": "now() - (n %% 900) * interval '1 day'", "created_at": "now() - (n %% 900) * interval '1 day'",
        "order_id": "first.order_id + n / 1000",
    }  # fmt: skip
    values = ", ".join(fresh.get(column, f'first."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute(
            f"INSERT INTO shipping_shipment ({names}) SELECT {values} FROM shipping_shipment first,"
            " generate_series(0, %s) n WHERE first.id = %s",
            [count - still_open - 1, shipment.pk],
        )
        cursor.execute(
            "UPDATE shipping_shipment SET stage = 'handed_over', handed_over_at = created_at, tracking_status = 'in_transit',"
            " promised_to = current_date - 10 + (id %% 40)::int, promised_from = current_date - 12,"
            " carrier = (ARRAY['DHL', 'UPS', 'GLS', 'DPD'])[1 + id %% 4] WHERE delivered_at IS NULL",
            [],
        )
        cursor.execute(
            "INSERT INTO shipping_latecase (merchant_id, shipment_id, rule, since, score, explanation, also, blame, risk, value,"
            " carrier, lane, opened_at, due_at, outcome, version)"
            " SELECT merchant_id, id, (%s::text[])[1 + id %% 8], now() - (id %% 300) * interval '1 hour', (id * 7919) %% 900,"
            " 'Promised for 03 Nov, 4 days ago', '[]', '{\"transit\": 86400, \"merchant\": 43200}', 0.5, (id * 31) %% 2000,"
            " carrier, 'DE-' || lpad((id %% 97)::text, 2, '0'), now(), now(), '', 0 FROM shipping_shipment"
            " WHERE delivered_at IS NULL ORDER BY id LIMIT %s",
            [list(_RULES), cases],
        )
        cursor.execute("RESET session_replication_role; RESET synchronous_commit")
    settle()


def _measure(shop, alice) -> dict[str, dict[str, float]]:
    from django.db import connection, transaction
    from django.test import Client

    client = Client()
    client.force_login(alice)

    def page(**query: str) -> Callable[[], object]:
        def asked() -> None:
            answer = client.get(
                "/admin/shipping/latecase/", query, headers={"host": "localhost"}, secure=True
            )
            assert answer.status_code == 200, answer.status_code
            assert answer.context is not None or answer.content

        return asked

    def bare(sql: str, *given: object) -> Callable[[], object]:
        def asked() -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql, given)
                assert len(cursor.fetchall()) == 50

        return asked

    gc.collect()
    gc.freeze()  # as gunicorn's workers do
    found = {
        "the first page": _times(page()),
        "of one carrier": _times(page(carrier="UPS")),
        "the hundredth page": _times(page(p="100")),
        "bare, by the partial index": _times(bare(_LATE)),
        "bare, the worst cases": _times(bare(_WORST, shop.pk)),
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Each of the table's partial indexes would narrow it to the open ones.
            cursor.execute(
                "SELECT string_agg(quote_ident(indexrelid::regclass::text), ', ') FROM pg_index"
                " WHERE indrelid = 'shipping_shipment'::regclass AND indpred IS NOT NULL"
            )
            cursor.execute(f"DROP INDEX {cursor.fetchone()[0]}")
        found["bare, without an index"] = _times(bare(_LATE), 9)
        transaction.set_rollback(True)
    return found


def _times(work: Callable[[], object], count: int = 60) -> dict[str, float]:
    for _ in range(5):
        work()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return {
        "p50": round(statistics.median(taken), 2),
        "p95": round(taken[min(len(taken) - 1, int(len(taken) * 0.95))], 2),
    }


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:4]]
    main(*(given + [5_000_000, 200_000, 5_000][len(given) :]))
