"""Alive without touching anything; not ready with reasons, and without secrets, tracebacks or long waits.

No test here may use the database: pytest refuses the connection, so an answer of 200 has made none."""

import logging
import threading
import time

import pytest

from tracker.celery import app
from tracker.views import health

SECRET = "hunter2-in-the-address"


def forget_links():
    app._pool = app.amqp._producer_pool = None


@pytest.fixture
def broker_away(settings):
    """Celery's address has a password in it and leads to a port where nobody listens."""
    before = app.conf.broker_url
    settings.BROKER_URL = app.conf.broker_url = f"redis://:{SECRET}@127.0.0.1:1/0"
    forget_links()
    yield
    app.conf.broker_url = before
    forget_links()


@pytest.fixture
def checks(monkeypatch):
    def only(**checks):
        monkeypatch.setattr(health, "CHECKS", checks)

    return only


def test_alive_asks_nobody(client, broker_away):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405


def test_without_its_broker_it_is_not_ready_and_says_what_is_away(client, broker_away, checks, caplog):
    checks(broker=health.check_broker, worker=health.check_worker, fine=lambda: "answers")
    began = time.monotonic()
    with caplog.at_level(logging.DEBUG, logger="tracker"):
        answer = client.get("/readyz")
    assert time.monotonic() - began < 1.5  # a refusal is no reason to wait
    assert answer.status_code == 503
    body = answer.json()
    assert body["ready"] is False
    assert {name: found["ok"] for name, found in body["checks"].items()} == {
        "broker": False,
        "worker": False,
        "fine": True,
    }
    assert all(found["detail"] for found in body["checks"].values())
    for text in (answer.content.decode(), caplog.text):
        assert SECRET not in text and "Traceback" not in text
    assert "broker failed" in caplog.text and "127.0.0.1:1" not in answer.content.decode()


def test_an_error_is_named_in_the_log_alone_and_without_its_words(client, checks, caplog):
    def database():
        raise OSError(f"password={SECRET}")

    checks(database=database)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"] == {"ok": False, "detail": "failed; the log names the error"}
    assert "OSError" in caplog.text and SECRET not in caplog.text + answer.content.decode()


def test_our_own_findings_are_shown(client, checks):
    def migrations():
        raise health.NotReady("2 not applied")

    checks(migrations=migrations)
    assert client.get("/readyz").json()["checks"]["migrations"] == {"ok": False, "detail": "2 not applied"}


def test_a_check_that_hangs_is_not_waited_for(client, checks, monkeypatch):
    monkeypatch.setattr(health, "DEADLINE", 0.2)
    over = threading.Event()
    checks(hangs=lambda: over.wait(20) and "", fine=lambda: "answers")
    began = time.monotonic()
    answer = client.get("/readyz")
    over.set()
    assert time.monotonic() - began < 5
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "hangs": {"ok": False, "detail": "no answer in 0.2 s"},
        "fine": {"ok": True, "detail": "answers"},
    }


def test_a_broker_without_a_worker_is_not_ready(client, checks, settings):
    settings.BROKER_URL = "redis://elsewhere"
    checks(worker=health.check_worker)  # Celery itself is on memory:// here, where no worker listens
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"] == {"ok": False, "detail": "no worker answers"}


def test_threads_that_do_not_run_are_told(client, checks, settings):
    settings.BROKER_URL = "memory://"
    checks(worker=health.check_worker)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["worker"]["detail"]) == (
        503,
        "the threads are not running",
    )


def test_all_well_is_200(client, checks):
    checks(one=lambda: "answers", two=lambda: "applied")
    answer = client.get("/readyz")
    assert answer.status_code == 200 and answer.json()["ready"] is True


class Worker:
    """A control whose first pings break, as links from before a restart of the broker do."""

    def __init__(self, breaks: int) -> None:
        self.breaks, self.asked = breaks, 0

    def ping(self, **how):
        self.asked += 1
        if self.asked <= self.breaks:
            raise ConnectionResetError
        return [{"worker": {"ok": "pong"}}]


class Link:
    """A link to a broker that is there."""

    connection_errors: tuple[type[Exception], ...] = (OSError,)
    channel_errors: tuple[type[Exception], ...] = ()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def ensure_connection(self, **how):
        return self


@pytest.mark.parametrize(("breaks", "status", "asked"), [(0, 200, 1), (1, 200, 2), (2, 503, 2)])
def test_one_broken_link_does_not_show_as_a_sick_worker(
    client, checks, settings, monkeypatch, breaks, status, asked
):
    settings.BROKER_URL = "redis://elsewhere"
    worker = Worker(breaks)
    monkeypatch.setattr(app, "control", worker)
    monkeypatch.setattr(app, "connection_for_write", Link)
    checks(worker=health.check_worker)
    assert (client.get("/readyz").status_code, worker.asked) == (status, asked)


def test_browsers_find_the_icon_they_ask_for_by_themselves(client):
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"\x00\x00\x01\x00"), "an .ico file"
