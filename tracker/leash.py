"""A process on the leash dies with the one that started it, even when that one is killed with -9.

Run as a script it ties itself down and becomes the command: `python -I leash.py SIGNAL PARENT command…`.
`hold()` does the same for a process that was forked and not started by a command.
"""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1


def hold(number: int = signal.SIGKILL, parent: int | None = None) -> None:
    parent = parent or os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:  # it died before the leash was on
            os.kill(os.getpid(), number)
    else:  # no such call elsewhere, and a thread does not survive exec: only forked processes are held
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> None:
    number, parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        hold(int(number), int(parent))
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()
