"""Mails a second from the outbox to a local SMTP server: PostgreSQL, Redis, one Celery worker of two processes and the server on the
same machine.

    python benchmarks/bench_notices.py [mails, default 3000]

`bare`: as many Celery tasks, each sending the same prepared mail over the same kept connection. `outbox`: notices that wait are
claimed, rendered, sent and marked. `changes`: orders are moved on at the same time, each change's mail included. `alone`: from
one status change to the server's yes, milliseconds. The last line is one JSON object.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import ROOT, copy_orders, postgres, services, settle


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="trk") as folder:
        redis, url = services().start_redis(Path(folder))
        port, file = services().free_port(), Path(folder) / "sink"
        sink = subprocess.Popen([sys.executable, str(ROOT / "benchmarks" / "sink.py"), str(port), str(file)])
        os.environ |= {
            "REDIS_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "PYTHONPATH": str(ROOT / "benchmarks"),
        }  # fmt: skip
        try:
            with postgres(broker=url):
                found = _run(count, file)
        finally:
            sink.kill()
            redis.kill()
    print(json.dumps(found))


def _run(count: int, file: Path) -> dict[str, object]:
    from django.utils import timezone

    from notifications import outbox
    from notifications.models import Notice, NoticeSettings
    from orders.lifecycle import change_status
    from orders.models import Order
    from tests.factories import make_merchant, make_order

    now = timezone.now()
    shop = make_merchant()
    NoticeSettings.objects.create(merchant=shop, per_person_a_day=None)
    first = make_order(shop, now=now, placed_at=now)
    copy_orders(first, count - 1, step=0)
    Notice.objects.update(state="sent", sent_at=now)
    settle()
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "tracker",
            "worker",
            "-I",
            "bare_mail",
            "-c",
            "2",
            "-l",
            "ERROR",
        ],
        cwd=ROOT,
    )
    found: dict[str, object] = {"mails": count}
    try:
        from bare_mail import bare_mail

        time.sleep(6)
        for number in range(20):
            bare_mail.delay(-number)
        _wait(file, 20)
        for number in range(count):  # all lie there before the clock starts, as the notices do
            bare_mail.apply_async(args=(number,), countdown=0)
        base, began = 20, time.monotonic()
        done, _at = _count(file)
        left = count - (done - base)
        found["bare"] = round(left / (_wait(file, base + count) - began), 1)
        base += count

        Notice.objects.update(state="queued", sent_at=None, tries=0, due_at=timezone.now())
        began = time.monotonic()
        outbox.nudge()
        found["outbox"] = round(count / (_wait(file, base + count) - began), 1)
        base += count

        orders = list(Order.objects.order_by("pk").values_list("pk", flat=True)[: count // 3])
        began = time.monotonic()
        for pk in orders:
            change_status(pk, "processing", actor="bench", now=timezone.now())
        found["changes"] = round(len(orders) / (_wait(file, base + len(orders)) - began), 1)
        base += len(orders)

        took = []
        for pk in orders[:40]:
            began = time.monotonic()
            change_status(pk, "cancelled", actor="bench", now=timezone.now())
            base += 1
            took.append(_wait(file, base) - began)
            time.sleep(1.2)
        took.sort()
        found |= {"alone_p50_ms": round(took[20] * 1000), "alone_p95_ms": round(took[38] * 1000)}
        found["times_bare"] = round(found["bare"] / found["outbox"], 2)  # type: ignore[operator]
    finally:
        worker.terminate()
        worker.wait()
    return found


def _count(file: Path) -> tuple[int, float]:
    try:
        count, last = file.read_text().split()
    except (OSError, ValueError):
        return 0, 0.0
    return int(count), float(last)


def _wait(file: Path, count: int) -> float:
    """The moment at which the server had taken so many in all."""
    deadline = time.monotonic() + 300
    while (seen := _count(file))[0] < count:
        if time.monotonic() > deadline:
            sys.exit(f"{seen[0]} of {count} after five minutes.")
        time.sleep(0.02)
    return seen[1]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
