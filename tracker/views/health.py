"""Is it alive, is it ready. No secrets, no tracebacks, and never slower than its deadline."""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tracker.celery import app
from tracker.tasks import HEARTBEAT_KEY

log = logging.getLogger(__name__)
DEADLINE = 3.0  # seconds for all checks together
# A check that hangs keeps its thread; a handful of threads bounds how many may hang at once.
_threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="readyz")


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches nothing, so a sick database does not get the web server restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    results = run_checks(CHECKS)
    ready = all(result["ok"] for result in results.values())
    body = {"ready": ready, "checks": results, "queue": _queue()}
    return JsonResponse(body, status=200 if ready else 503)


def run_checks(checks: dict[str, Callable[[], str]]) -> dict[str, dict[str, Any]]:
    """All at once, each in its own thread; what has not answered by the deadline has failed."""
    futures = {name: _threads.submit(check) for name, check in checks.items()}
    wait_for(futures.values(), timeout=DEADLINE)
    results = {}
    for name, future in futures.items():
        if not future.done():
            future.cancel()
            results[name] = {"ok": False, "detail": f"no answer in {DEADLINE:g} s"}
        elif error := future.exception():
            log.warning("readyz: %s failed: %s", name, type(error).__name__)
            detail = str(error) if isinstance(error, NotReady) else "failed; the log names the error"
            results[name] = {"ok": False, "detail": detail}
        else:
            results[name] = {"ok": True, "detail": future.result()}
    return results


class NotReady(Exception):
    """A finding in our own words, fit to be shown."""


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()
    return str(connection.vendor)


_migrated = False


def check_migrations() -> str:
    """Once all are applied they stay so: a process need not read the folders again."""
    global _migrated  # noqa: PLW0603
    if not _migrated:
        try:
            executor = MigrationExecutor(connection)
            pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        finally:
            connection.close()
        if pending:
            raise NotReady(f"{len(pending)} not applied")
        _migrated = True
    return "applied"


def check_broker() -> str:
    with app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    return os.environ.get("TRACKER_BROKER", "configured")


def check_worker() -> str:
    if settings.BROKER_URL.startswith("memory"):
        from tracker import inprocess

        if not inprocess.alive():
            raise NotReady("the threads are not running")
        return "threads of the web process"
    if not _ping():
        raise NotReady("no worker answers")
    return "answers"


def _ping() -> bool:
    """On a link of its own, and once more if it breaks: Celery sends through a pool of its own, whose links from
    before a restart of the broker each fail once."""
    with app.connection_for_write() as link:
        link.ensure_connection(
            max_retries=1, interval_start=0, timeout=2
        )  # by itself it waits 2 s to try again
        try:
            return bool(app.control.ping(limit=1, timeout=1, connection=link))
        except link.connection_errors + link.channel_errors:
            return bool(app.control.ping(limit=1, timeout=1, connection=link))


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "broker": check_broker,
    "worker": check_worker,
}


def _queue() -> dict[str, Any]:
    """What the last heartbeat saw; for people and graphs, not part of being ready."""
    beat = cache.get(HEARTBEAT_KEY) or {}
    age = round(time.time() - beat["at"]) if "at" in beat else None
    return {"heartbeat_seconds_ago": age, "oldest_notice_seconds": beat.get("oldest_notice_seconds")}
