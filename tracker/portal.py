"""The portal's processes put together: broker, worker with beat, web; or web alone when threads must do."""

import os
import signal
import sys
from pathlib import Path

from django.conf import settings

from tracker import broker
from tracker.supervisor import Child, say

_BIN = Path(sys.executable).parent


def start_broker() -> tuple[broker.Choice, Child | None]:
    """The first way to a broker that works; one that will not start is named and the next is tried."""
    socket = broker.socket_path(settings.VAR_DIR)
    configured = os.environ.get("BROKER_URL") or settings.REDIS_URL
    for choice in broker.choices(settings.VAR_DIR, configured=configured):
        if not choice.argv:
            return choice, None
        broker.private_folder(settings.VAR_DIR / "broker")
        broker.private_folder(socket.parent)
        broker.shut_down_stray(socket)
        # SIGTERM: with its last words the server writes down what it holds.
        child = _child("broker", list(choice.argv), dict(os.environ), signal.SIGTERM)
        child.start()
        if broker.await_socket(socket, lambda child=child: child.alive):  # type: ignore[misc]
            return choice, child
        child.kill_group()
        say("up", f"{choice.name} did not start (see {child.log}); trying the next way")
    raise broker.BrokerFailed("no broker could be started")


def note_address(choice: broker.Choice) -> None:
    """For other terminals. A configured address stays where it was configured: it may hold a password."""
    note = broker.note_file(settings.VAR_DIR)
    if choice.argv or choice.in_process:
        note.touch(mode=0o600)
        note.write_text(choice.url + "\n")
    else:
        note.unlink(missing_ok=True)


def children(choice: broker.Choice) -> list[Child]:
    env = {
        **os.environ,
        "BROKER_URL": choice.url,
        "PORT": str(settings.PORT),
        "PYTHONUNBUFFERED": "1",
        "TRACKER_BROKER": choice.name,
    }
    web = [str(_BIN / "gunicorn"), "-c", "python:tracker.gunicorn_conf", "tracker.wsgi"]
    if choice.in_process:
        return [_child("web", web, {**env, "TRACKER_INPROCESS": "1"})]
    worker = [
        str(_BIN / "celery"), "-A", "tracker", "worker", "--beat", "-c", str(settings.WORKER_PROCESSES),
        "--without-gossip", "--without-mingle", "--loglevel", "INFO", "-n", f"tracker-{settings.PORT}@%h",
    ]  # fmt: skip
    if sys.platform == "darwin":
        env["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"
    return [_child("worker", worker, env), _child("web", web, env)]


def _child(name: str, argv: list[str], env: dict[str, str], last_words: int = signal.SIGKILL) -> Child:
    return Child(name, argv, settings.VAR_DIR / "log" / f"{name}.log", env, last_words)
