"""Webhooks through the real door: gunicorn as the portal runs it (two processes), PostgreSQL, Redis, a Celery worker, and a
sender in a process of its own, all on the same machine.

    python benchmarks/bench_door.py [webhooks, default 10000]

First all are accepted while no worker runs, then a worker applies them; then as many again with both at once. The last line
is one JSON object.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from rows import ROOT, copy_orders, postgres, services, settle

THREADS = 8
SECRET = "bench"


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="trk") as folder:
        redis, url = services().start_redis(Path(folder))
        os.environ |= {"REDIS_URL": url, "WEB_WORKERS": "2"}
        try:
            with postgres(broker=url):
                found = _run(count)
        finally:
            redis.kill()
    print(json.dumps(found))


def _run(count: int) -> dict[str, object]:
    from shipping.models import CarrierAccount, InboundWebhook, Shipment

    path = _parcels(count)
    port = services().free_port()
    web = _start(["-m", "gunicorn", "-c", "python:tracker.gunicorn_conf", "tracker.wsgi"], PORT=str(port))
    time.sleep(4)
    found: dict[str, object] = {"webhooks": count}
    try:
        found["accepted_alone"] = _knock(port, path, count)
        worker = _start(["-m", "celery", "-A", "tracker", "worker", "-c", "2", "-l", "ERROR"])
        try:
            ready = _until(lambda: InboundWebhook.objects.filter(state="applied").exists())
            left = InboundWebhook.objects.exclude(state="applied").count()
            applied = _until(lambda: not InboundWebhook.objects.exclude(state="applied").exists())
            found["applied_alone_a_second"] = round(left / applied, 1)
            found["worker_started_s"] = round(ready, 1)
            InboundWebhook.objects.all().delete()
            began = time.perf_counter()
            found["accepted_with_worker"] = _knock(port, path, count)
            _until(lambda: not InboundWebhook.objects.exclude(state="applied").exists())
            found["in_and_applied_a_second"] = round(count / (time.perf_counter() - began), 1)
        finally:
            worker.terminate()
            worker.wait()
    finally:
        web.terminate()
        web.wait()
    assert CarrierAccount.objects.count() == 1
    assert Shipment.objects.filter(tracking_status="in_transit").count() >= count
    return found


def _parcels(count: int) -> str:
    from django.urls import reverse
    from django.utils import timezone

    from orders.models import Order
    from shipping.carriers.base import Reading
    from shipping.models import CarrierAccount, Shipment
    from shipping.tracking.record import record
    from tests.factories import make_merchant, make_shipment

    shop, now = make_merchant(), timezone.now() - timedelta(hours=5)
    first = make_shipment(shop, now=now, placed_at=now, carrier="DHL", tracking_number="JD1")
    record([Reading("in_transit", now, shipment_id=first.pk)], merchant=shop, now=now)
    copy_orders(Order.objects.get(pk=first.order_id), count, step=0)
    numbered = list(Shipment.objects.exclude(pk=first.pk).order_by("pk"))
    for number, row in enumerate(numbered):
        row.tracking_number = f"B{number:07}"
    from orders.bulk import update_all

    update_all(numbered, ["tracking_number"])
    settle()
    account = CarrierAccount.objects.create(merchant=shop, provider="easypost", secret=SECRET)
    return reverse("webhook", args=["easypost", account.key])


def _start(words: list[str], **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, "SECURE_SSL_REDIRECT": "0", **env}
    )


def _knock(port: int, path: str, count: int) -> dict[str, float]:
    words = [
        sys.executable,
        str(ROOT / "benchmarks" / "knock.py"),
        "127.0.0.1",
        str(port),
        path,
        SECRET,
        str(count),
        str(THREADS),
    ]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def _until(done) -> float:  # type: ignore[no-untyped-def]
    began = time.perf_counter()
    while not done():
        if time.perf_counter() - began > 300:
            sys.exit("It took too long.")
        time.sleep(0.1)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
