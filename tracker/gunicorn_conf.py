"""How gunicorn serves the portal, under `manage.py up` and in production (`gunicorn -c
python:tracker.gunicorn_conf tracker.wsgi`). With TRACKER_INPROCESS=1 the one worker also runs the queue in threads."""

import gc
import os
import sys
from typing import Any

from django.conf import settings

from tracker import leash

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
_in_process = os.environ.get("TRACKER_INPROCESS") == "1"

bind = f"{settings.BIND}:{settings.PORT}"
worker_class = "gthread"
workers = 1 if _in_process else settings.WEB_WORKERS
threads = 4
timeout = 60
graceful_timeout = 7  # `up` has promised to be gone within ten seconds
keepalive = 5
# A queue in memory would be lost with its worker.
max_requests = 0 if _in_process else 50_000
max_requests_jitter = 0 if _in_process else 10_000
control_socket_disable = True
errorlog = "-"
loglevel = "info"
if sys.platform == "linux":
    worker_tmp_dir = "/dev/shm"  # noqa: S108  (the workers' heartbeat must not wait for a disk)


def post_fork(server: Any, worker: Any) -> None:
    leash.hold()


def post_worker_init(worker: Any) -> None:
    gc.collect()
    gc.freeze()  # what is loaded now stays for good; looking through it again and again made some answers slow
    if _in_process:
        from tracker import inprocess

        inprocess.start()


def worker_exit(server: Any, worker: Any) -> None:
    if _in_process:
        from tracker import inprocess

        inprocess.stop()
