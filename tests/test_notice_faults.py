"""Ten thousand notices to a real SMTP server that refuses, delays and drops, while workers and the broker are killed: each arrives,
once, or twice only where the server had taken it and the worker died, or was cut off, before hearing so. That count is printed."""

import asyncio
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.portal import ROOT, free_port, running
from tests.test_up import parent

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has"),
]
COUNT = int(os.environ.get("NOTICES", "10000"))
KILLS = 5
MAKE = f"""
import sys; sys.path.insert(0, "benchmarks")
from django.utils import timezone
from notifications.models import Notice
from rows import copy_orders
from tests.factories import make_merchant, make_order
now = timezone.now()
first = make_order(make_merchant("burst"), now=now, placed_at=now)
copy_orders(first, {COUNT} - 1, step=0)
Notice.objects.update(due_at=now, state="queued", tries=0)
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
    """Takes most letters; one in fifty is put off (451), one in a hundred waits, one in a hundred cuts the line after taking it."""

    def __init__(self):
        self.taken, self.cut, self.chance = Counter(), Counter(), random.Random(7)

    async def handle_DATA(self, server, session, envelope):
        letter = envelope.content.decode("utf-8", "replace")
        key = next(line for line in letter.splitlines() if line.lower().startswith("message-id:"))
        luck = self.chance.random()
        if luck < 0.02:
            return "451 4.7.1 Come back later"
        if luck < 0.03:
            await asyncio.sleep(0.2)
        self.taken[key] += 1
        if luck > 0.99:
            self.cut[key] += 1
            server.transport.abort()
        return "250 OK"


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
    post.port = server.port
    yield post
    server.stop()


@pytest.fixture
def portal(tmp_path, post):
    spec = spec_from_file_location("services", ROOT / ".ci" / "services.py")
    services = module_from_spec(spec)
    spec.loader.exec_module(services)
    before = {name: os.environ.pop(name, None) for name in ("PGHOST", "PGPORT", "PGUSER")}
    server, url = services.start_postgres(tmp_path / "pg")
    more = {"EMAIL_URL": f"smtp://127.0.0.1:{post.port}", "NOTICE_LEASE_SECONDS": "6", "DB_POOL_MAX": "4"}
    try:
        with running(tmp_path, demo=False, DATABASE_URL=url, **more) as up:
            up.var = tmp_path
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
    began, killed = time.monotonic(), 0
    deadline = began + 240

    def look():
        return json.loads(portal.manage("shell", "-v0", "-c", LOOK).strip().splitlines()[-1])

    def arrived(count):
        while len(post.taken) < count:
            assert time.monotonic() < deadline, (len(post.taken), look())
            time.sleep(0.05)

    for turn in range(1, KILLS + 1):
        arrived(COUNT * turn // (KILLS + 2))
        victim = "broker.sock" if turn == 3 else "celery"
        os.kill(parent(portal.var, victim), signal.SIGKILL)
        killed += 1
    while len(post.taken) < COUNT:
        assert time.monotonic() < deadline, look()
        time.sleep(5)
        portal.manage("shell", "-v0", "-c", GO)  # not wait for the longest back-off
    took = time.monotonic() - began
    while (said := look())["states"] != {"sent": COUNT}:
        assert time.monotonic() < deadline, said
        portal.manage("shell", "-v0", "-c", GO)
        time.sleep(2)
    twice = {key: count for key, count in post.taken.items() if count > 1}
    by_cut = sum(count - 1 for key, count in twice.items() if post.cut[key])
    by_death = sum(count - 1 for count in twice.values()) - by_cut
    print(
        f"\n{COUNT} notices in {took:.0f} s, {killed} kills: {len(twice)} arrived more than once,"
        f" {by_cut} copies after a cut line, {by_death} after a death"
    )
    assert len(post.taken) == COUNT
    # Of each worker that died at most one letter was on its way in each of its processes.
    assert by_death <= killed * 2 * (os.cpu_count() or 2), twice
    assert threading.active_count() < 50
