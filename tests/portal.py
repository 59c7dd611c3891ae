"""A real portal for tests: `manage.py migrate`, `demo` and `up` in a folder and on a port of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Portal:
    url: str
    env: dict[str, str]
    process: subprocess.Popen | None = None

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            check=False,
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def running(var: Path, *, demo: bool = True, **env: str) -> Iterator[Portal]:
    """A portal that answers. Stopped, with everything it started, at the end."""
    port = free_port()
    dropped = ("BROKER_URL", "PYTEST_CURRENT_TEST", "DJANGO_SETTINGS_MODULE")
    whole = {name: value for name, value in os.environ.items() if name not in dropped}
    portal = Portal(
        f"http://127.0.0.1:{port}", whole | {"VAR_DIR": str(var), "PORT": str(port), "SIMULATOR": "0"} | env
    )
    portal.manage("migrate", "-v0")
    if demo:
        portal.manage("demo")
    log = (var / "up.log").open("w")
    portal.process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=portal.env, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        _await(portal, var / "up.log")
        yield portal
    finally:
        portal.process.send_signal(signal.SIGINT)
        portal.process.wait(20)
        log.close()


def _await(portal: Portal, log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{portal.url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.3)
        assert portal.process is None or portal.process.poll() is None, log.read_text()[-3000:]
    raise AssertionError(f"not ready in {seconds} s:\n{log.read_text()[-3000:]}")
