"""The scorecard of five million finished parcels in PostgreSQL, beside counting the raw rows.

    python benchmarks/bench_scorecard.py [parcels, default 5000000] [days, default 900]

One shop, four carriers with two services each, 97 destinations, 200 products; a daily sum for each that occurs. The page is timed at
the server (Django's test client: all middleware, sessions, no socket), of a quarter and of a year. The baseline of the same run is
bare SQL on the same connection that counts the raw outcomes of the quarter by carrier: on time, and nothing else. The last line is
one JSON object.
"""

import gc
import json
import sys
import time
from datetime import timedelta

from bench_late import _times
from rows import postgres, settle

RAW = (
    "SELECT carrier, COUNT(*), COUNT(*) FILTER (WHERE judged), COUNT(*) FILTER (WHERE on_time) FROM shipping_parceloutcome"
    " WHERE merchant_id = %s AND day BETWEEN %s AND %s GROUP BY carrier"
)
OUTCOMES = """
INSERT INTO shipping_parceloutcome (merchant_id, shipment_id, day, carrier, service, lane, delivered, judged, on_time, kept,
    first_attempt, exception, returned, transit, late, blame)
SELECT %s, n, current_date - (n %% %s), (ARRAY['DHL', 'UPS', 'GLS', 'DPD'])[1 + k %% 4],
    (ARRAY['standard', 'express'])[1 + k / 4 %% 2], 'DE-' || lpad((k / 8 %% 97)::text, 2, '0'),
    TRUE, TRUE, n %% 11 <> 0, n %% 13 <> 0, n %% 17 <> 0, n %% 19 = 0, FALSE,
    (20 + ((n::bigint * 7919) %% 90)::int) * 3600, CASE WHEN n %% 11 = 0 THEN 86400 ELSE 0 END,
    CASE WHEN n %% 11 = 0 THEN '{"transit": 43200, "merchant": 43200}'::jsonb ELSE '{}'::jsonb END
FROM (SELECT n, n / %s AS k FROM generate_series(1, %s) n) AS parcel
"""
"""`k` counts the parcels of a day: each carrier, service and destination occurs on it with any product."""
SUMS = """
WITH one AS (
    SELECT merchant_id, day, {sku} AS sku, carrier, service, lane, transit / 3600 AS hour, COUNT(*) AS n,
        COUNT(*) FILTER (WHERE judged) AS judged, COUNT(*) FILTER (WHERE on_time) AS on_time, COUNT(*) FILTER (WHERE kept) AS kept,
        COUNT(*) FILTER (WHERE first_attempt) AS first_attempt, COUNT(*) FILTER (WHERE exception) AS exception, SUM(late) AS late
    FROM shipping_parceloutcome GROUP BY 1, 2, 3, 4, 5, 6, 7
)
INSERT INTO shipping_dailyfigure (merchant_id, day, sku, carrier, service, lane, parcels, delivered, judged, on_time, kept, first_attempt,
    exception, returned, late, blame, hours, ratings, late_ratings)
SELECT merchant_id, day, sku, carrier, service, lane, SUM(n), SUM(n), SUM(judged), SUM(on_time), SUM(kept), SUM(first_attempt),
    SUM(exception), 0, SUM(late), CASE WHEN SUM(late) > 0 THEN
    jsonb_build_object('transit', SUM(late)::bigint / 2, 'merchant', SUM(late)::bigint / 2)
    ELSE '{{}}'::jsonb END, jsonb_object_agg(hour, n), jsonb_build_object('5', SUM(n)::bigint / 3, '1', SUM(n)::bigint / 9), '{{}}'::jsonb
FROM one GROUP BY 1, 2, 3, 4, 5, 6
"""
PAGE = "/admin/shipping/dailyfigure/"


def main(count: int, days: int) -> None:
    with postgres():
        from django.core.management import call_command
        from django.db import connection
        from django.test import Client
        from django.utils import timezone

        from shipping.models import DailyFigure
        from tests.factories import make_merchant, make_user

        call_command("collectstatic", interactive=False, verbosity=0)
        shop = make_merchant()
        client = Client()
        client.force_login(make_user("alice", shop))
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'"
            )
            cursor.execute(OUTCOMES, [shop.pk, days, days, count])
            cursor.execute(SUMS.format(sku="''"))
            cursor.execute(SUMS.format(sku=f"'SKU-' || shipment_id / {days} * 31 % 200"))
            cursor.execute("RESET session_replication_role; RESET synchronous_commit; RESET work_mem")
        settle()
        sums = DailyFigure.objects.count()
        print(
            f"{count:,} parcels in {sums:,} sums, filled in {time.perf_counter() - began:.0f} s", flush=True
        )

        today = timezone.now().date()

        def page(span: str, group: str):
            def asked() -> None:
                answer = client.get(
                    PAGE, {"span": span, "by": group}, headers={"host": "localhost"}, secure=True
                )
                assert answer.status_code == 200 and b"Whose late days" in answer.content, answer

            return asked

        def raw() -> None:
            with connection.cursor() as cursor:
                cursor.execute(RAW, [shop.pk, today - timedelta(days=90), today])
                assert len(cursor.fetchall()) == 4

        gc.collect()
        gc.freeze()  # as gunicorn's workers do
        found = {
            f"{words}, by {group}": _times(page(span, group), 12)
            for span, words in (("91", "a quarter"), ("365", "a year"))
            for group in ("carrier", "lane", "week", "product")
        } | {"bare: the quarter's raw rows": _times(raw, 12)}
        for name, row in found.items():
            print(f"  {name:<30} p50 {row['p50']:9.2f} ms  p95 {row['p95']:9.2f} ms", flush=True)
        quarter, bare = found["a quarter, by carrier"], found["bare: the quarter's raw rows"]
        print(
            json.dumps(
                {
                    "parcels": count, "sums": sums, "pages": found,
                    "ratio_to_raw": round(quarter["p50"] / bare["p50"], 2),
                }
            )
        )  # fmt: skip


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:3]]
    main(*(given + [5_000_000, 900][len(given) :]))
