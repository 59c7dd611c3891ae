"""The last resort where no broker can be had: the Celery worker and beat as threads of the web process."""

import threading
from typing import Any

from celery.beat import EmbeddedService
from celery.signals import worker_init
from celery.worker import WorkController

from tracker.celery import app

_running: dict[str, Any] = {}


def start() -> None:
    worker = WorkController(
        app=app,
        hostname="inprocess@localhost",
        pool_cls="threads",
        concurrency=2,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    # The signal makes Celery close each thread's database connections after a task.
    worker_init.send(sender=worker)
    thread = threading.Thread(target=worker.start, name="celery-worker", daemon=True)
    # The schedule is kept in memory too: a shelf file is not made for threads.
    beat: Any = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    thread.start()
    beat.start()
    _running.update(worker=worker, thread=thread, beat=beat)


def alive() -> bool:
    return bool(_running) and _running["thread"].is_alive() and _running["beat"].is_alive()


def stop() -> None:
    if _running:
        _running["beat"].service.stop()
        _running["worker"].stop()
        _running["thread"].join(3)
        _running.clear()
