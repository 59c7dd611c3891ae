"""What must be true before `manage.py up` starts anything. Each refusal is one line that says what to do."""

import errno
import fcntl
import socket
from pathlib import Path
from typing import IO

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError


class Refused(Exception):
    """`up` cannot start; the message is for the person at the terminal."""


def take_lock(var_dir: Path) -> IO[str]:
    """One `up` in one VAR_DIR. The kernel drops the lock when the process dies, however it dies."""
    lock = (var_dir / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Refused(
            f"Another `manage.py up` already runs in {var_dir}. Stop it, or start this one with a VAR_DIR "
            "(and PORT) of its own."
        ) from None
    return lock


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Refused(f"Cannot listen on {host}:{port}: {error.strerror}.") from None
            free = port + 1 if port < 65535 else 8000
            raise Refused(f"Port {port} is taken. Choose another: PORT={free} make run") from None


def check_migrations() -> None:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Refused(f"The database does not answer: {str(error).splitlines()[0]}") from None
    finally:
        connection.close()
    if pending:
        raise Refused(f"{len(pending)} migrations are not applied. Run: python manage.py migrate")
