"""`manage.py up` with real processes: it comes up, restarts what dies, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.portal import ROOT, running

pytestmark = pytest.mark.services
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, which only Linux has")


def processes_of(var: Path) -> dict[int, str]:
    """Command lines of every process that was started with this VAR_DIR, this one's children of tests apart."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            dead = b") Z " in (folder / "stat").read_bytes()
        except OSError:
            continue
        # The broker writes its title over its environment, but names its socket there.
        mine = f"VAR_DIR={var}".encode() in environment or f"{var}/" in words
        if mine and not dead:
            found[int(folder.name)] = words
    return found


def wait(seconds, check):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := check():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s")


def ready(portal) -> bool:
    try:
        with urllib.request.urlopen(f"{portal.url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except (OSError, urllib.error.HTTPError):
        return False


def heartbeat(portal) -> int | None:
    with urllib.request.urlopen(f"{portal.url}/readyz", timeout=5) as answer:
        return json.load(answer)["queue"]["heartbeat_seconds_ago"]


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    var = tmp_path_factory.mktemp("up")
    with running(var, demo=False) as up:
        up.var = var
        yield up


def parent(var: Path, word: str) -> int:
    """The oldest process whose command line has the word: the one that keeps the others."""
    return min(pid for pid, words in processes_of(var).items() if word in words)


@LINUX
@pytest.mark.parametrize("word", ["gunicorn", "celery", "valkey-server|redis-server"])
def test_what_is_killed_is_started_again(portal, word):
    word = next(w for w in word.split("|") if any(w in words for words in processes_of(portal.var).values()))
    before = {pid for pid, words in processes_of(portal.var).items() if word in words}
    os.kill(parent(portal.var, word), signal.SIGKILL)
    wait(10, lambda: not before & processes_of(portal.var).keys())  # its children go with it
    wait(60, lambda: any(word in words for words in processes_of(portal.var).values()) and ready(portal))


@LINUX
def test_once_the_broker_is_back_it_stays_ready(portal):
    """Links from before its restart, kept in each web process's pool, must not show as a sick worker."""
    with ThreadPoolExecutor(8) as many:
        assert wait(30, lambda: all(many.map(ready, [portal] * 16)))  # every web process has used its pool
        broker = parent(portal.var, "broker.sock")
        os.kill(broker, signal.SIGKILL)
        wait(10, lambda: broker not in processes_of(portal.var))
        wait(60, lambda: ready(portal))
        assert all(many.map(ready, [portal] * 40))


def test_a_second_copy_in_the_same_folder_or_on_the_same_port_says_what_to_do(portal, tmp_path):
    def up(**env):
        return subprocess.run(
            [sys.executable, "manage.py", "up"], check=False, cwd=ROOT, env=portal.env | env, capture_output=True, text=True,
            timeout=60,
        )  # fmt: skip

    same_folder = up()
    assert same_folder.returncode == 1 and "already runs in" in same_folder.stdout + same_folder.stderr
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        check=True,
        cwd=ROOT,
        env=portal.env | {"VAR_DIR": str(tmp_path)},
    )
    same_port = up(VAR_DIR=str(tmp_path))
    said = same_port.stdout + same_port.stderr
    assert (
        same_port.returncode == 1
        and f"Port {portal.env['PORT']} is taken" in said
        and len(said.strip().splitlines()) == 1
    )


def test_a_second_copy_elsewhere_runs_beside_it(portal, tmp_path):
    with running(tmp_path, demo=False) as beside:
        assert ready(beside) and ready(portal)


@LINUX
def test_ctrl_c_leaves_nothing_behind(tmp_path):
    with running(tmp_path, demo=False):
        assert len(processes_of(tmp_path)) >= 5
    wait(5, lambda: not processes_of(tmp_path))


@LINUX
def test_kill_minus_nine_leaves_nothing_behind(tmp_path):
    with running(tmp_path, demo=False) as portal:
        portal.process.kill()
        wait(15, lambda: not processes_of(tmp_path))


def test_without_any_broker_threads_do_the_work_and_it_says_so(tmp_path):
    with running(tmp_path, demo=False, BROKER_URL="memory://") as portal:
        assert ready(portal)
        wait(30, lambda: heartbeat(portal) is not None)  # a task went from beat through the queue to a thread
        assert "does not survive a restart" in (tmp_path / "up.log").read_text()


def test_an_old_database_is_named(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    env = os.environ | {"VAR_DIR": str(tmp_path), "PORT": port}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        check=False,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and "Run: python manage.py migrate" in done.stdout + done.stderr
