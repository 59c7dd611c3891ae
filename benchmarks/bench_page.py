"""How fast the public tracking page answers on a million orders in PostgreSQL, beside the least a Django page costs.

    python benchmarks/bench_page.py [orders, default 1000000] [orders looked at, default 300] [--profile]

Every fiftieth order has three parcels with 24 scans (one delivered, one under way, one late), the others one with four;
half of the pages looked at are of each kind, every order another. Timed at the server, from the WSGI call to the last
byte of the answer: all middleware, the view logged, no socket. The baseline of the same run goes through the same
middleware to a view that asks for one order by its primary key and renders one line. The last line is one JSON object.
"""

import cProfile
import gc
import io
import json
import pstats
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rows import copy_orders, postgres, services, settle

GOAL = 30  # ms, of 95 in 100 pages
TOWNS = [
    ("Berlin", "DE"), ("Leipzig", "DE"), ("Hannover", "DE"), ("Kassel", "DE"), ("Frankfurt", "DE"),
    ("Nürnberg", "DE"), ("Augsburg", "DE"), ("München", "DE"),
]  # fmt: skip

GOALS = [(town, country) for country, towns in {
    "DE": "Berlin Hamburg Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover Nürnberg Duisburg Bochum"
          " Bielefeld Bonn Mannheim Karlsruhe Augsburg Wiesbaden Kiel Aachen Lübeck Erfurt Rostock Kassel Mainz Potsdam Ulm",
    "AT": "Wien Graz Linz Salzburg Innsbruck Klagenfurt", "FR": "Paris Lyon Marseille Lille Bordeaux Nantes",
    "NL": "Amsterdam Rotterdam Utrecht Eindhoven", "PL": "Warszawa Kraków Gdańsk Poznań", "IT": "Roma Milano Torino Napoli",
    "ES": "Madrid Barcelona Sevilla Valencia", "GB": "Manchester Leeds",
}.items() for town in towns.split()]  # fmt: skip


def main(count: int, looks: int, *, profile: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="trk") as folder:
        redis, broker = services().start_redis(Path(folder))
        try:
            with postgres(broker=broker):
                began = time.perf_counter()
                small, large = _fill(count)
                print(f"{count:,} orders, filled in {time.perf_counter() - began:.0f} s", flush=True)
                found = _measure(small, large, looks, profile=profile)
        finally:
            redis.kill()
    for name, row in found.items():
        print(f"  {name:<14} " + "  ".join(f"{key} {value:8.2f}" for key, value in row.items()))
    slow = max(found["page"]["p95"], found["page, several"]["p95"])
    bare = found["bare"]["p50"]
    print(json.dumps({
        "orders": count, **found,
        "ratio_to_bare": round(found["page"]["p50"] / bare, 1),
        "goal_p95_ms": GOAL, "goal_met": slow < GOAL,
    }))  # fmt: skip


def _fill(count: int) -> tuple[str, str]:
    """The number of an order of each kind; its copies' are this with a dash and a count."""
    from django.utils import timezone

    from orders.models import Order
    from shipping.models import LearnedTransit
    from tests.factories import make_merchant, make_shipment

    now, shop = timezone.now(), make_merchant()
    small = make_shipment(shop, now=now, carrier="DHL", tracking_number="JD01")
    _scans(small, now, 4)
    large = make_shipment(shop, now=now, carrier="DHL", tracking_number="JD02")
    for position in (2, 3):
        _twin(large, position)
    for number, (parcel, last) in enumerate(
        zip(large.order.shipments.order_by("position"), ("delivered", "in_transit", "delayed"), strict=True)
    ):
        _scans(parcel, now - timedelta(hours=number), 8, last)
    LearnedTransit.objects.create(
        merchant=shop, fitted_at=now, parcels=100_000, level_half=0.5, level_most=0.9, data=b"0" * 500_000,
        kept={"dhl DE": [91, 100]}, silences={"dhl in_transit": [6, 12, 30, 1000]},
    )  # fmt: skip
    orders = [Order.objects.get(pk=row.order_id) for row in (small, large)]
    many = count // 50
    copy_orders(orders[0], count - many - 2)
    copy_orders(orders[1], many)
    _spread()
    settle()
    return orders[0].number, orders[1].number


def _spread() -> None:
    """Customers live in sixty towns, so that routes and their maps differ."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orders_shippingaddress SET city = (%s::text[])[1 + id %% 60], country = (%s::text[])[1 + id %% 60],"
            " postal_code = ''",
            [[town for town, _ in GOALS], [country for _, country in GOALS]],
        )


def _twin(parcel: Any, position: int) -> None:
    from shipping.models import Shipment, ShipmentLine

    twin = Shipment.objects.get(pk=parcel.pk)
    twin.pk, twin.position, twin.code = None, position, f"P0000000000{position}"
    twin.tracking_number += str(position)
    twin.save(force_insert=True)
    for line in parcel.lines.all():
        ShipmentLine.objects.create(shipment=twin, order_line=line.order_line, quantity=1)


def _scans(parcel: Any, now: Any, many: int, last: str = "in_transit") -> None:
    from shipping.carriers.base import Reading
    from shipping.tracking.record import record

    readings = []
    for at in range(many):
        city, country = TOWNS[at * len(TOWNS) // many]
        status = last if at == many - 1 else ("picked_up" if at == 0 else "in_transit")
        readings.append(Reading(
            status, now - timedelta(hours=7 * (many - at)), shipment_id=parcel.pk, carrier="DHL",
            tracking_number=parcel.tracking_number, code=f"C{at}", city=city, country=country, zone="Europe/Berlin",
            message="The shipment has been processed in the parcel center", payload={"events": [{"code": f"C{at}"}] * 5},
        ))  # fmt: skip
    record(readings, merchant=parcel.merchant, now=now)


def _measure(small: str, large: str, looks: int, *, profile: bool) -> dict[str, dict[str, float]]:
    from django.core.management import call_command
    from django.test import RequestFactory
    from django.urls import clear_url_caches

    import tracker.urls
    from orders.access import Tier, pass_for
    from orders.models import Order

    call_command("collectstatic", interactive=False, verbosity=0)
    from tracker.wsgi import application

    tracker.urls.urlpatterns.insert(0, _bare_path())
    clear_url_caches()
    factory, draw = RequestFactory(), random.Random(looks)
    kinds = ("bare", "page", "page, several", "page, all of it", "news", "304", "lookup")
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    profiler = cProfile.Profile()

    def ask(
        kind: str, wanted: int, path: str, data: dict[str, str] | None = None, **headers: str
    ) -> dict[str, str]:
        extra = {"HTTP_HOST": "localhost", "wsgi.url_scheme": "https", "HTTP_USER_AGENT": "Firefox",
                 "REMOTE_ADDR": f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)}"} | headers  # fmt: skip
        if data is None:
            environ = factory.get(path, **extra).environ
        else:
            body, form = urlencode(data), "application/x-www-form-urlencoded"
            environ = factory.generic("POST", path, body, content_type=form, **extra).environ
        said: dict[str, Any] = {}

        def start(status: str, pairs: list[tuple[str, str]]) -> None:
            said.update({name.lower(): value for name, value in pairs}, status=int(status[:3]))

        def call() -> bytes:
            answer = application(environ, start)
            try:
                return b"".join(answer)
            finally:
                answer.close()

        if profile and kind.startswith("page"):
            profiler.enable()
        said["body"] = _timed(times[kind], call)
        profiler.disable()
        assert said["status"] == wanted, (kind, path, said)
        return said

    chosen: list[tuple[Order, str]] = []
    for number, kind, many in ((small, "page", looks - looks // 2), (large, "page, several", looks // 2)):
        last = int(Order.objects.filter(number__startswith=f"{number}-").count())
        numbers = [f"{number}-{at}" for at in draw.sample(range(1, last + 1), many + 5)]
        chosen += [(order, kind) for order in Order.objects.filter(number__in=numbers)]
    draw.shuffle(chosen)
    gc.collect()
    gc.freeze()  # as gunicorn's workers do
    for at, (order, kind) in enumerate(chosen):
        if at == 10:  # the first ten warm the caches up
            for row in times.values():
                row.clear()
        path, key = f"/t/{order.public_key}/", {"HTTP_COOKIE": f"tracking={pass_for(order, Tier.CODE)}"}
        ask("bare", 200, f"/bare/{order.pk}/")
        seen = ask(kind, 200, path)
        ask("news", 200, f"{path}live/")
        ask("304", 304, f"{path}live/", HTTP_IF_NONE_MATCH=seen["etag"])
        whole = ask("page, all of it", 200, path, **key)
        assert b"Hauptstr. 5" in whole["body"] and b"Hauptstr. 5" not in seen["body"]
        ask("lookup", 303, "/", {"number": order.number, "proof": order.email})
    if profile:
        out = io.StringIO()
        stats = pstats.Stats(profiler, stream=out)
        stats.sort_stats("cumulative").print_stats(70)
        stats.sort_stats("tottime").print_stats(30)
        print(out.getvalue())
    return {kind: _told(values) for kind, values in times.items()}


def _bare_path() -> Any:
    from django.http import HttpRequest, HttpResponse
    from django.template import engines
    from django.urls import path

    from orders.models import Order

    tiny = engines["django"].from_string("<!doctype html><title>{{ number }}</title><p>{{ status }}</p>")

    def bare(request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponse(tiny.render(Order.objects.values("number", "status").get(pk=pk), request))

    return path("bare/<int:pk>/", bare)


def _timed(into: list[tuple[float, float]], call: Callable[[], bytes]) -> bytes:
    began, worked = time.perf_counter(), time.process_time()
    answer = call()
    into.append(((time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000))
    return answer


def _told(values: list[tuple[float, float]]) -> dict[str, float]:
    """Of the wall clock, and of this process's own CPU, which other work on the machine disturbs less."""
    wall, cpu = ([pair[at] for pair in values] for at in (0, 1))
    cuts, work = statistics.quantiles(wall, n=20), statistics.quantiles(cpu, n=20)
    return {
        "p50": round(cuts[9], 2),
        "p95": round(cuts[18], 2),
        "max": round(max(wall), 2),
        "cpu_p50": round(work[9], 2),
        "cpu_p95": round(work[18], 2),
        "n": len(values),
    }


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    main(*(numbers + [1_000_000, 300][len(numbers) :]), profile="--profile" in sys.argv)
