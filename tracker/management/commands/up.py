import http.client
import time
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.urls import Resolver404, resolve

from tracker import broker, portal, preflight
from tracker.supervisor import Supervisor, say

PAGES = [
    ("Tracking page", "/"),
    ("Admin", "/admin/"),
    ("Scan page", "/scan/"),
    ("Mails", "/dev/outbox/"),
    ("Health", "/readyz"),
]


class Command(BaseCommand):
    help = "Run the whole portal: broker, worker with beat, web server. Ctrl-C stops it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            lock = preflight.take_lock(settings.VAR_DIR)
            preflight.check_port(settings.BIND, settings.PORT)
            preflight.check_migrations()
            lines = _pages() + _log_ins()
        except preflight.Refused as refusal:
            raise CommandError(str(refusal)) from None
        connections.close_all()
        supervisor = Supervisor([])
        supervisor.catch_signals()
        try:
            choice, server = portal.start_broker()
        except broker.BrokerFailed as error:
            raise CommandError(str(error)) from None
        portal.note_address(choice)
        supervisor.children = ([server] if server else []) + portal.children(choice)
        announce = _Announcement(began, [f"Broker: {choice.name}", *lines], choice.warning)
        supervisor.run(every=announce)
        broker.note_file(settings.VAR_DIR).unlink(missing_ok=True)
        lock.close()
        say("up", "stopped")


class _Announcement:
    """Says where to look, once, when the web server answers."""

    def __init__(self, began: float, lines: list[str], warning: str) -> None:
        self.began, self.lines, self.warning = began, lines, warning
        self.said = False

    def __call__(self) -> None:
        if self.said or not _web_answers():
            return
        self.said = True
        say("up", f"ready after {time.monotonic() - self.began:.1f} s. Ctrl-C stops everything.")
        for line in self.lines:
            say("up", f"  {line}")
        if self.warning:
            say("up", f"  WARNING: {self.warning}")


def _web_answers() -> bool:
    host = "127.0.0.1" if settings.BIND == "0.0.0.0" else settings.BIND  # noqa: S104
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=0.5)
    try:
        connection.request("GET", "/healthz")
        return bool(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _pages() -> list[str]:
    """Only the pages that this installation has: the mails' page exists in DEBUG alone."""
    found = []
    for label, path in PAGES:
        try:
            resolve(path)
        except Resolver404:
            continue
        found.append(f"{label + ':':15}{settings.BASE_URL}{path}")
    return found


def _log_ins() -> list[str]:
    try:
        logins = import_module("tracker.demo").LOGINS
    except (ModuleNotFoundError, AttributeError):
        return []
    known = set(get_user_model().objects.values_list("username", flat=True))
    return [f"Log in as {name} / {password}  ({what})" for name, password, what in logins if name in known]
