"""A print run of a thousand while its workers, then the broker, are killed: real processes, nothing lost."""

import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.portal import running
from tests.test_up import parent, processes_of

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has"),
]

MAKE = """
from django.utils import timezone
from orders.models import Merchant, User
from orders.queue import enqueue
from shipping.documents.runs import start_run
from shipping.models import Shipment
from shipping.tasks import render_print_run
from tests.factories import make_merchant, make_shipment
merchant = Merchant.objects.first() or make_merchant("shop")
for _ in range({parcels} - Shipment.objects.count()):
    make_shipment(merchant)
ids = list(Shipment.objects.order_by("pk").values_list("pk", flat=True))
run = start_run(merchant=merchant, user=None, kind="both", shipment_ids=ids, now=timezone.now())
enqueue(render_print_run, run.pk)
print("run", run.pk)
"""
LOOK = """
import json
from django.db.models import Count
from orders.models import Order
from shipping.models import PrintRun, Shipment
run = PrintRun.objects.get(pk={pk})
print(json.dumps({{
    "state": run.state, "pages": run.pages, "sha256": run.sha256, "file": run.file.path if run.file else "",
    "waiting": run.items.filter(state="waiting").count(), "failed": run.items.filter(state="failed").count(),
    "parts": run.parts.count(), "told": Shipment.objects.filter(printed_at=run.finished_at).count(),
    "steps": list(Order.objects.annotate(n=Count("events")).values_list("n", flat=True).distinct()),
    "pending": Order.objects.filter(status="pending").count(),
}}))
"""
PARCELS = 1000


@pytest.fixture
def portal(tmp_path):
    with running(tmp_path, demo=False, PRINT_CLAIM_SECONDS="20") as up:
        up.var = tmp_path
        yield up


def begin(portal) -> int:
    return int(portal.manage("shell", "-v0", "-c", MAKE.format(parcels=PARCELS)).split("run ")[1])


def look(portal, pk) -> dict:
    return json.loads(portal.manage("shell", "-v0", "-c", LOOK.format(pk=pk)).strip().splitlines()[-1])


def until(portal, pk, seconds, check) -> dict:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        said = look(portal, pk)
        if check(said):
            return said
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {said}")


def test_killed_workers_and_a_killed_broker_cost_a_run_nothing(portal):
    run = begin(portal)
    for word in ("celery", "broker.sock"):
        before = until(portal, run, 120, lambda said: said["waiting"] < PARCELS)
        assert before["state"] == "running", "the run was over before anything was killed"
        os.kill(parent(portal.var, word), signal.SIGKILL)
        time.sleep(1)
        assert processes_of(portal.var)
    done = until(portal, run, 240, lambda said: said["state"] != "running" and not said["parts"])
    data = Path(done["file"]).read_bytes()
    assert (done["state"], done["waiting"], done["failed"], done["pages"]) == ("done", 0, 0, 2 * PARCELS)
    assert hashlib.sha256(data).hexdigest() == done["sha256"]
    assert (done["told"], done["pending"]) == (PARCELS, 0)
    again = begin(portal)
    undisturbed = until(portal, again, 120, lambda said: said["state"] != "running" and not said["parts"])
    assert undisturbed["sha256"] == done["sha256"], "the killed run's paper is not that of a quiet one"
