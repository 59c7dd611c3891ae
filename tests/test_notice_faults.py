"""Ten thousand notices to a real SMTP server and a real SMS gateway that refuse, delay and drop, while workers, the broker and the
database are killed at moments that a printed seed draws (FAULT_SEED draws them again): each arrives, once, or twice only where the
receiver had taken it and the worker died, or was cut off, before hearing so. That count is printed."""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.portal import ROOT, free_port, running
from tests.test_up import parent
from tests.test_webhook_faults import a_backend_of

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has"),
]
COUNT = int(os.environ.get("NOTICES", "10000"))
SEED = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
VICTIMS = ["celery", "celery", "celery", "broker", "database"]
MAKE = f"""
import sys; sys.path.insert(0, "benchmarks")
from django.db.models.functions import Mod
from django.utils import timezone
from notifications.models import Notice
from rows import copy_orders
from tests.factories import make_merchant, make_order
now = timezone.now()
first = make_order(make_merchant("burst"), now=now, placed_at=now)
copy_orders(first, {COUNT} - 1, step=0)
Notice.objects.update(due_at=now, state="queued", tries=0, any_hour=True)
every_fifth = Notice.objects.annotate(turn=Mod("pk", 5)).filter(turn=0)
every_fifth.update(channel="sms", recipient="+49 89 1234567")
print(Notice.objects.count())
"""
LOOK = """
import json
from django.db.models import Count
from notifications.models import Attempt, Notice
print(json.dumps({
    "states": dict(Notice.objects.order_by().values_list("state").annotate(Count("pk"))),
    "tries": dict(Notice.objects.order_by().values_list("tries").annotate(Count("pk"))),
    "said": sorted(set(Notice.objects.exclude(error="").values_list("error", flat=True)))[:5],
}))
"""
GO = """
from django.utils import timezone
from notifications.models import Notice
Notice.objects.filter(state="retry").update(due_at=timezone.now())
"""


class Post:
    """Takes most messages; one in fifty is put off, one in a hundred waits, one in a hundred cuts the line after taking it."""

    def __init__(self):
        self.taken, self.cut, self.chance = Counter(), Counter(), random.Random(SEED)

    def take(self, key):
        """What becomes of it: "later", "slow", "cut" or "yes"."""
        luck = self.chance.random()
        if luck < 0.02:
            return "later"
        self.taken[key] += 1
        if luck > 0.99:
            self.cut[key] += 1
            return "cut"
        return "slow" if luck < 0.03 else "yes"

    async def handle_DATA(self, server, session, envelope):
        letter = envelope.content.decode("utf-8", "replace")
        key = next(line for line in letter.splitlines() if line.lower().startswith("message-id:"))
        becomes = self.take(key)
        if becomes == "later":
            return "451 4.7.1 Come back later"
        if becomes == "slow":
            await asyncio.sleep(0.2)
        if becomes == "cut":
            server.transport.abort()
        return "250 OK"


def gateway_of(post):
    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            becomes = post.take(said["key"])
            if becomes == "slow":
                time.sleep(0.2)
            if becomes == "cut":
                self.close_connection = True
                return
            self.send_response(503 if becomes == "later" else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

        def handle(self):
            with contextlib.suppress(OSError):  # its worker was killed
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    return server


class Quiet(SMTP):
    def connection_lost(self, error):
        super().connection_lost(None)


class Here(Controller):
    def factory(self):
        return Quiet(self.handler, enable_SMTPUTF8=True)


@pytest.fixture
def post():
    post = Post()
    server = Here(post, hostname="127.0.0.1", port=free_port())
    server.start()
    sms = gateway_of(post)
    post.port, post.sms = server.port, f"http://127.0.0.1:{sms.server_port}/"
    yield post
    server.stop()
    sms.shutdown()
    sms.server_close()


@pytest.fixture
def portal(tmp_path, post):
    spec = spec_from_file_location("services", ROOT / ".ci" / "services.py")
    services = module_from_spec(spec)
    spec.loader.exec_module(services)
    before = {name: os.environ.pop(name, None) for name in ("PGHOST", "PGPORT", "PGUSER")}
    server, url = services.start_postgres(tmp_path / "pg")
    more = {
        "EMAIL_URL": f"smtp://127.0.0.1:{post.port}", "SMS_CHANNEL": "http", "SMS_HTTP_URL": post.sms, "NOTICE_LEASE_SECONDS": "6",
        "DB_POOL_MAX": "4",
    }  # fmt: skip
    try:
        with running(tmp_path, demo=False, DATABASE_URL=url, **more) as up:
            up.var, up.postmaster = tmp_path, server.get_pid()
            yield up
    finally:
        server.cleanup()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def test_ten_thousand_notices_arrive_whoever_dies(portal, post):
    made = portal.manage("shell", "-v0", "-c", MAKE).strip().splitlines()[-1]
    assert int(made) == COUNT
    print(f"\nFAULT_SEED={SEED}")
    dice, began = random.Random(SEED), time.monotonic()
    deadline = began + 240
    find = {
        "celery": lambda: parent(portal.var, "celery"),
        "broker": lambda: parent(portal.var, "broker.sock"),
        "database": lambda: a_backend_of(portal.postmaster),
    }

    def ask(words):
        """Once the database is back."""
        while True:
            try:
                return portal.manage("shell", "-v0", "-c", words)
            except AssertionError:
                assert time.monotonic() < deadline, SEED

    def look():
        return json.loads(ask(LOOK).strip().splitlines()[-1])

    def arrived(count):
        while len(post.taken) < count:
            assert time.monotonic() < deadline, (SEED, len(post.taken), look())
            time.sleep(0.02)

    victims = dice.sample(VICTIMS, len(VICTIMS))
    for victim, count in zip(victims, sorted(dice.sample(range(COUNT * 9 // 10), len(victims))), strict=True):
        arrived(count)
        while not killed(find[victim]):  # it is being started anew after the kill before
            assert time.monotonic() < deadline, (SEED, victim)
            time.sleep(0.1)
    while len(post.taken) < COUNT:
        assert time.monotonic() < deadline, (SEED, look())
        ask(GO)  # not wait for the longest back-off
        time.sleep(1)
    took = time.monotonic() - began
    while (said := look())["states"] != {"sent": COUNT}:
        assert time.monotonic() < deadline, (SEED, said)
        ask(GO)
        time.sleep(1)
    twice = {key: count for key, count in post.taken.items() if count > 1}
    by_cut = sum(count - 1 for key, count in twice.items() if post.cut[key])
    by_death = sum(count - 1 for count in twice.values()) - by_cut
    texts = sum(key.startswith("notice-") for key in post.taken)
    print(
        f"{COUNT} notices, {texts} of them texts, in {took:.0f} s, {', '.join(victims)} killed: {len(twice)} arrived more than once,"
        f" {by_cut} copies after a cut line, {by_death} after a death"
    )
    assert len(post.taken) == COUNT and texts == COUNT // 5
    # Of each worker that died, or whose database did, at most one message was on its way in each of its processes.
    assert by_death <= len(victims) * 2 * (os.cpu_count() or 2), (SEED, twice)
    assert threading.active_count() < 80


def killed(find):
    """False where there is none at this moment."""
    try:
        os.kill(find(), signal.SIGKILL)
    except (AssertionError, ValueError, ProcessLookupError, FileNotFoundError):
        return False
    return True
