"""One JSON line per request on standard output, for CloudWatch Logs Insights; never a value of the request's body."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import orjson

STDOUT = 1
AT_ONCE = 4096  # bytes that workers who share a pipe can write without mixing them up: PIPE_BUF
LONGEST_ID = 64  # SageMaker's own limit of an inference id


@dataclasses.dataclass(slots=True)
class RequestRecord:
    """A request as the log shows it.

    Attributes:
        route: the route's path, "other" for all that don't exist: what a caller typed there stays out of the log.
        rows: rows answered.
        media_in: media type as understood, None where it wasn't.
        bytes_in: bytes of the body that were read.
        inference_id: InvokeEndpoint's InferenceId, else the caller's request id.
        error: class and place of an unexpected error; its message might hold a value.
    """

    route: str
    inference_id: str | None = None
    status: int = 500
    rows: int | None = None
    media_in: str | None = None
    media_out: str | None = None
    bytes_in: int = 0
    error: str | None = None
    started: float = dataclasses.field(default_factory=perf_counter)

    def write(self) -> None:
        """Append the line to standard output. Successful pings come every few seconds and aren't written."""
        line: dict[str, object] = {
            "time": datetime.now(UTC),
            "route": self.route,
            "status": self.status,
            "rows": self.rows,
            "media_in": self.media_in,
            "media_out": self.media_out,
            "bytes_in": self.bytes_in,
            "milliseconds": round((perf_counter() - self.started) * 1000, 3),
            "inference_id": self.inference_id,
        }
        if self.error is not None:
            line["error"] = self.error
        _output.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


class _Output:
    """Standard output, which is written once for all requests that the event loop ends in one go."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    def append(self, line: bytes) -> None:
        """Write a line when the event loop has done what it is about to do; at once where none runs."""
        if self._size + len(line) > AT_ONCE:
            self._write()
        self._lines.append(line)
        self._size += len(line)
        loop = _running_loop()
        if loop is None:
            self._write()
        elif self._loop is not loop:
            self._loop = loop
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._loop = None
        self._write()

    def _write(self) -> None:
        lines, self._lines, self._size = self._lines, [], 0
        with suppress(OSError):  # a request doesn't fail because nobody reads the log
            os.write(STDOUT, b"".join(lines))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


_output = _Output()


def place_of(error: BaseException) -> str:
    """Class of an error and where it was raised, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
