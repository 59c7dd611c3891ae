"""Ten thousand webhooks in a burst while the worker, the broker and the database are killed: each is recorded, and once.

The sender does as carriers do: what was not answered with 200 is sent again, as it was."""

import hashlib
import hmac
import http.client
import json
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.portal import ROOT, running
from tests.test_up import parent

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has"),
]
PARCELS, EACH, SENDERS = 100, 100, 8
SECRET = "burst"
MAKE = f"""
from django.urls import reverse
from shipping.models import CarrierAccount
from tests.factories import make_merchant, make_shipment
from django.utils import timezone
shop = make_merchant("burst")
for number in range({PARCELS}):
    make_shipment(shop, now=timezone.now(), carrier="DHL", tracking_number=f"BURST{{number:05}}")
account = CarrierAccount.objects.create(merchant=shop, provider="easypost", secret="{SECRET}")
print(reverse("webhook", args=["easypost", account.key]))
"""
LOOK = """
import json
from django.db.models import Count
from shipping.models import InboundWebhook, TrackingEvent
print(json.dumps({
    "stored": InboundWebhook.objects.count(), "applied": InboundWebhook.objects.filter(state="applied").count(),
    "failed": InboundWebhook.objects.filter(state="failed").count(), "events": TrackingEvent.objects.count(),
    "twice": InboundWebhook.objects.values("event_id").annotate(n=Count("pk")).filter(n__gt=1).count(),
    "known": InboundWebhook.objects.values("event_id").distinct().count(),
    "parcels": TrackingEvent.objects.values("shipment").distinct().count(),
}))
"""


@pytest.fixture
def portal(tmp_path):
    spec = spec_from_file_location("services", ROOT / ".ci" / "services.py")
    services = module_from_spec(spec)
    spec.loader.exec_module(services)
    before = {name: os.environ.pop(name, None) for name in ("PGHOST", "PGPORT", "PGUSER")}
    server, url = services.start_postgres(tmp_path / "pg")
    try:
        with running(tmp_path, demo=False, DATABASE_URL=url, DB_POOL_MAX="4") as up:
            up.var = tmp_path
            up.postmaster = server.get_pid()
            yield up
    finally:
        server.cleanup()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def bodies():
    start = datetime.now(UTC) - timedelta(hours=30)
    for number in range(PARCELS * EACH):
        parcel, scan = number % PARCELS, number // PARCELS
        at = (start + timedelta(minutes=scan)).isoformat()
        detail = {"status": "in_transit", "status_detail": "", "datetime": at, "message": f"Scan {scan}"}
        tracker = {
            "object": "Tracker",
            "tracking_code": f"BURST{parcel:05}",
            "carrier": "DHL",
            "tracking_details": [detail],
        }
        raw = json.dumps({"id": f"evt_{number}", "object": "Event", "result": tracker}).encode()
        yield raw, "hmac-sha256-hex=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()


class Sender:
    def __init__(self, url, path):
        self.where, self.path = urlsplit(url), path
        self.accepted, self.again = 0, 0
        self.calls = list(bodies())
        self.people = [
            threading.Thread(target=self.send, args=(self.calls[at::SENDERS],), daemon=True)
            for at in range(SENDERS)
        ]

    def send(self, mine):
        door = None
        for raw, signature in mine:
            while True:
                try:
                    door = door or http.client.HTTPConnection(
                        self.where.hostname, self.where.port, timeout=20
                    )
                    door.request(
                        "POST",
                        self.path,
                        raw,
                        {"Content-Type": "application/json", "X-Hmac-Signature": signature},
                    )
                    answer = door.getresponse()
                    answer.read()
                    if answer.status == 200:
                        break
                except (OSError, http.client.HTTPException):
                    door = None
                self.again += 1
                time.sleep(0.2)
            self.accepted += 1

    def until(self, count):
        deadline = time.monotonic() + 150
        while self.accepted < count:
            assert time.monotonic() < deadline, f"{self.accepted} of {count} were accepted"
            time.sleep(0.05)


def a_backend_of(postmaster):
    """One of the database's own processes: killed, it takes all connections with it and the database recovers from its log."""
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        if " tracker " in Path(f"/proc/{child}/cmdline").read_text().replace("\0", " "):
            return int(child)
    raise AssertionError("nobody is connected")


def test_ten_thousand_webhooks_survive_every_kill(portal):
    path = portal.manage("shell", "-v0", "-c", MAKE).strip().splitlines()[-1]
    sender, began = Sender(portal.url, path), time.monotonic()
    for person in sender.people:
        person.start()
    kills = [
        (1500, lambda: parent(portal.var, "celery")),
        (3500, lambda: parent(portal.var, "broker.sock")),
        (5500, lambda: a_backend_of(portal.postmaster)),
        (7500, lambda: parent(portal.var, "celery")),
    ]
    for count, victim in kills:
        sender.until(count)
        os.kill(victim(), signal.SIGKILL)
    sender.until(len(sender.calls))
    sent = time.monotonic() - began
    deadline = time.monotonic() + 200
    while (said := json.loads(portal.manage("shell", "-v0", "-c", LOOK).strip().splitlines()[-1]))[
        "applied"
    ] < said["stored"]:
        assert time.monotonic() < deadline, said
        time.sleep(1)
    count = PARCELS * EACH
    print(
        f"\n{count} accepted in {sent:.0f} s ({sender.again} sent again), applied after {time.monotonic() - began:.0f} s"
    )
    assert said == {
        "stored": count, "applied": count, "failed": 0, "events": count, "twice": 0, "known": count, "parcels": PARCELS,
    }  # fmt: skip
