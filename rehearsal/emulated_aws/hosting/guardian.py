"""Outlives the emulator by a moment to end its processes and remove its folder, however the emulator died.

Reads `run <process group>`, `end <process group>` and `remove <folder>` lines; acts when the pipe closes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress


def watch() -> None:
    groups: set[int] = set()
    folders: set[str] = set()
    for line in sys.stdin:
        verb, _, what = line.strip().partition(" ")
        if verb == "run":
            groups.add(int(what))
        elif verb == "end":
            groups.discard(int(what))
        elif verb == "remove":
            folders.add(what)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


class Guardian:
    """The emulator's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 this file itself
            [sys.executable, "-S", __file__],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd="/",
        )

    def tell(self, verb: str, what: object) -> None:
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.write(f"{verb} {what}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it act, and wait until it has."""
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()
        self._process.wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    watch()
