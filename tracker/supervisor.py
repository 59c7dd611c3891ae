"""Keeps the portal's processes running: starts them, says what they say, starts again what dies, stops all."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

LEASH = Path(__file__).with_name("leash.py")
_STEADY_AFTER = 30.0  # seconds of life after which a death counts as the first one again
_LONGEST_PAUSE = 30.0
_LOG_LIMIT = 5_000_000
_print_lock = threading.Lock()


def say(name: str, line: str) -> None:
    with _print_lock:
        try:
            sys.stdout.write(f"[{name}] {line}\n")
            sys.stdout.flush()
        except (OSError, ValueError):  # the terminal has gone; the log files go on
            pass


class Child:
    """One process on the leash, in a process group of its own so that Ctrl-C reaches only its keeper."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        env: Mapping[str, str],
        last_words: int = signal.SIGKILL,
    ) -> None:
        self.name, self.argv, self.log, self.env, self.last_words = name, argv, log, env, last_words
        self.process: subprocess.Popen[str] | None = None
        self.deaths = 0
        self.started = self.again_at = 0.0

    def start(self) -> None:
        leashed = [sys.executable, "-I", str(LEASH), str(int(self.last_words)), str(os.getpid()), *self.argv]
        self.process = subprocess.Popen(
            leashed, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(self.env), text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        self.started = time.monotonic()
        threading.Thread(target=self._relay, args=(self.process.stdout,), daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """To the parent only: Celery's pool children finish their task, and their parent waits for them."""
        if self.alive and self.process:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def note_death(self) -> float:
        """Count a death and return how long to wait before the next start."""
        self.deaths = 1 if time.monotonic() - self.started > _STEADY_AFTER else self.deaths + 1
        pause = min(0.5 * 2 ** (self.deaths - 1), _LONGEST_PAUSE)
        self.again_at = time.monotonic() + pause
        return pause

    def _relay(self, stream: IO[str] | None) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("a", encoding="utf-8") as log:
            for line in stream or ():
                log.write(line)
                log.flush()
                say(self.name, line.rstrip("\n"))


class Supervisor:
    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)
        self.stopping = threading.Event()
        self.impatient = False

    def catch_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def run(self, every: Callable[[], None] = lambda: None) -> None:
        """Start what is not running yet and keep it so until somebody asks to stop."""
        try:
            for child in self.children:
                if not child.alive:
                    child.start()
            while not self.stopping.wait(0.1):
                for child in self.children:
                    self._look_after(child)
                every()
        finally:
            self.stop()

    def stop(self) -> None:
        """Web and worker first, for they still talk to the broker. Gone within ten seconds."""
        say("up", "stopping")
        outer = [child for child in self.children if child.name != "broker"]
        self._end(outer, 7.0)
        self._end([child for child in self.children if child not in outer], 2.0)

    def _look_after(self, child: Child) -> None:
        if child.alive:
            return
        if not child.again_at:
            code = child.process.returncode if child.process else 0
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            child.kill_group()  # what a killed parent may have left
            pause = child.note_death()
            say("up", f"{child.name} died ({how}); starting it again in {pause:g} s")
        elif time.monotonic() >= child.again_at:
            child.again_at = 0.0
            child.start()

    def _end(self, children: Sequence[Child], seconds: float) -> None:
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(c.alive for c in children) and time.monotonic() < deadline and not self.impatient:
            time.sleep(0.05)
        for child in children:
            if child.alive:
                say("up", f"{child.name} did not stop in time; killed")
            child.kill_group()
            if child.process:
                child.process.wait(2)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.impatient = self.stopping.is_set() and number == signal.SIGINT
        self.stopping.set()
