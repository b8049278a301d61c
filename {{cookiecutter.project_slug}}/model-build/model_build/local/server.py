"""A server on this machine: started, awaited, ended; one of them may stay in the background."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn

from model_build.local.files import write_json
from model_build.local.processes import end

HOST = "127.0.0.1"
_READY_SECONDS = 90.0
_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.05


class ServerError(RuntimeError):
    """A server that can't be started or ended, in one line."""


@dataclasses.dataclass(frozen=True)
class Background:
    """What is known of the server in the background."""

    pid: int
    url: str
    version: int
    log: str

    @property
    def running(self) -> bool:
        """Whether the process is there and is a server of ours: process ids are used again."""
        return "model_build" in _command_of(self.pid)


def free_port(wanted: int) -> int:
    """The port that is wanted, any free one for 0.

    Raises:
        ServerError: another process listens there.
    """
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except PermissionError as error:
            raise ServerError(f"port {wanted} is not for everybody; choose one from 1024 with --port") from error
        except OSError as error:
            raise ServerError(f"port {wanted} is in use; end what listens there, or choose another --port") from error
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server that ends with this block, which Ctrl-C, SIGTERM and SIGHUP end by KeyboardInterrupt.

    Raises:
        ServerError: it can't be started.
    """
    kept = {number: signal.signal(number, _interrupt) for number in _ENDING}
    process = None
    try:
        process = start(command, environment)
        yield process
    finally:
        if process:
            end([process])
        for number, handler in kept.items():
            signal.signal(number, handler)


def start(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a server as the leader of a process group of its own, so that Ctrl-C is ours to pass on.

    Raises:
        ServerError: it can't be started.
    """
    try:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=sys.platform != "win32",
        )
    except OSError as error:
        raise ServerError(f"{command[0]} can't be started: {error.strerror}") from error


def wait_until_ready(process: subprocess.Popen[bytes], url: str, last_line: Callable[[], str] = str) -> None:
    """Waits for a good answer to GET /ping.

    Raises:
        ServerError: the server has ended, or does not answer for too long.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while not answers(url):
        if (code := process.poll()) is not None:
            reason = last_line()
            raise ServerError(f"the server ended with exit code {code}" + (f": {reason}" if reason else ""))
        if time.monotonic() > deadline:
            end([process])
            raise ServerError(f"the server does not answer {url}/ping within {_READY_SECONDS:.0f} seconds")
        time.sleep(_PAUSE_SECONDS)


def answers(url: str) -> bool:
    """Whether GET /ping says that the model is ready."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def remember(file: Path, server: Background) -> None:
    write_json(file, dataclasses.asdict(server))


def background(file: Path) -> Background | None:
    """The server in the background, if it still runs."""
    try:
        server = Background(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return server if server.running else None


def stop(file: Path) -> Background:
    """Ends the server in the background.

    Raises:
        ServerError: there is none, or it does not end.
    """
    server = background(file)
    if server is None:
        file.unlink(missing_ok=True)
        raise ServerError("no server runs in the background; start one with `python -m model_build serve --background`")
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while server.running:
        if time.monotonic() > deadline:
            raise ServerError(f"process {server.pid} does not end; its log is {server.log}")
        time.sleep(_PAUSE_SECONDS)
    file.unlink(missing_ok=True)
    return server


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _command_of(pid: int) -> str:
    """Command line of a process, empty if there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    query = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout


_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
