"""Child processes that end with us: each leads a group of its own, and groups are ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_GRACE_SECONDS = 3.0


class Stopped(Exception):
    """A process was ended, or not started, because the execution stops."""


class TimedOut(Exception):
    """A process ran longer than it may."""


class Processes:
    """Running children, started from any thread; after `stop` none is left and none starts any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._stopping = False

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, limit: float | None
    ) -> int:
        """Runs a command in a folder, its output appended to a log, and returns its exit code.

        Raises:
            Stopped: the execution stops.
            TimedOut: the command ran longer than `limit` seconds; it has been ended.
            OSError: the command can't be started.
        """
        process = self._start(command, environment, folder, log)
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired as error:
            end([process])
            raise TimedOut(f"ran longer than {limit:g} seconds") from error
        finally:
            with self._lock:
                del self._running[process.pid]
        if self._stopping:
            raise Stopped
        return code

    def stop(self) -> None:
        """Ends all children and theirs: politely, then by force."""
        with self._lock:
            self._stopping = True
            running = list(self._running.values())
        end(running)

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> subprocess.Popen[bytes]:
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        with self._lock, log.open("ab") as output:
            if self._stopping:
                raise Stopped
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=sys.platform != "win32",
                creationflags=flags,
            )
            self._running[process.pid] = process
        return process


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ends leaders of process groups and their groups: politely, then by force."""
    for process in processes:
        _signal(process, force=False)
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        _signal(process, force=True)
        process.wait()


def _signal(process: subprocess.Popen[bytes], force: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill() if force else process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
