"""What `make run` says on a bare machine: `.ci/system.sh` with the machine's own answers faked."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "system.sh"


@pytest.fixture
def machine(tmp_path):
    """A machine as told: which user, which packages are installed; apt-get only writes down what it was asked."""

    def make(*, user: int, installed: str = "", system: str = "Linux"):
        says = {
            "id": f"echo {user}",
            "uname": f"echo {system}",
            "dpkg-query": f'for last; do :; done; case " {installed} " in *" $last "*) echo installed;; *) exit 1;; esac',
            "apt-get": f'echo "$@" >> {tmp_path}/asked',
            "python3": "exit 0",
        }
        for name, text in says.items():
            tool = tmp_path / name
            tool.write_text(f"#!/bin/sh\n{text}\n")
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        path = os.pathsep.join([str(tmp_path), str(Path(shutil.which("grep")).parent), "/bin"])
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), "run"], check=False, env={"PATH": path}, capture_output=True, text=True
        )
        asked = tmp_path / "asked"
        return done, asked.read_text() if asked.exists() else ""

    return make


ALL = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONTS = "fonts-dejavu-core fonts-noto-core fonts-noto-cjk"


def test_root_gets_them_installed(machine):
    done, asked = machine(user=0)
    assert done.returncode == 0 and "update" in asked
    assert all(package in asked for package in f"{ALL} {FONTS}".split())


def test_others_get_the_line_to_type(machine):
    done, asked = machine(user=1000, installed=FONTS)
    assert (done.returncode, asked) == (1, "")
    assert f"sudo apt-get install -y {ALL}" in done.stderr


def test_missing_fonts_alone_do_not_stop_anyone(machine):
    done, _ = machine(user=1000, installed=ALL)
    assert done.returncode == 0 and FONTS in done.stderr


def test_nothing_missing_nothing_said(machine):
    done, asked = machine(user=0, installed=f"{ALL} {FONTS}")
    assert (done.returncode, done.stdout, done.stderr, asked) == (0, "", "", "")


def test_a_mac_is_told_of_homebrew(machine):
    done, _ = machine(user=501, system="Darwin")
    assert done.returncode == 1 and "brew install pango" in done.stderr
