"""Load on one HTTP server: 16 callers, each sending its next request when it has its answer.

    python benchmarks/serving_load.py PORT MEDIA_TYPE BODY_FILE SECONDS

Prints one JSON object: answers per second, median and 99th percentile of the latency in milliseconds, how many requests
failed, and one answer. A caller keeps its connection where the server lets it; where not, connecting again is part of
the latency, as it is for any caller. It is a process of its own on asyncio protocols, so that it isn't the bottleneck.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

CALLERS = 16


class Load:
    def __init__(self, port: int, request: bytes, seconds: float) -> None:
        self.port, self.request = port, request
        self.latencies: list[float] = []
        self.failed = 0
        self.answer = b""
        self.started = perf_counter()
        self.end = self.started + seconds
        self.calling = CALLERS
        self.over = asyncio.Event()
        self.tasks: set[asyncio.Task[object]] = set()

    def connect(self) -> None:
        """Open a connection, on which the next request goes out."""
        sent = perf_counter()
        opening = asyncio.get_running_loop().create_connection(lambda: Caller(self, sent), "127.0.0.1", self.port)
        task: asyncio.Task[object] = asyncio.ensure_future(opening)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def leave(self) -> None:
        """One caller less."""
        self.calling -= 1
        if not self.calling:
            self.over.set()


class Caller(asyncio.Protocol):
    """One connection, used for as many requests as the server allows."""

    def __init__(self, load: Load, sent: float) -> None:
        self.load, self.sent = load, sent
        self.received = b""
        self.done = False
        self.transport = asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.transport.write(self.load.request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self.received[:end].lower()
        length = int(head[head.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0])
        if len(self.received) < end + 4 + length:
            return
        self._answered(head, self.received[end + 4 :])

    def _answered(self, head: bytes, body: bytes) -> None:
        load, now = self.load, perf_counter()
        load.latencies.append(now - self.sent)
        load.failed += head[9:12] != b"200"
        load.answer, self.received = body, b""
        if now < load.end and b"connection: close" not in head:
            self.sent = now
            self.transport.write(load.request)
            return
        self.done = True
        self.transport.close()
        if now < load.end:
            load.connect()
        else:
            load.leave()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.done:
            self.load.failed += 1
            self.load.leave()


async def call(port: int, media: str, body: bytes, seconds: float) -> dict[str, float | str]:
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    load = Load(port, head.encode() + body, seconds)
    for _ in range(CALLERS):
        load.connect()
    await load.over.wait()
    took = perf_counter() - load.started
    ordered = sorted(load.latencies)
    return {
        "rate": len(ordered) / took,
        "median": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[len(ordered) * 99 // 100] * 1000,
        "failed": load.failed,
        "answer": load.answer.decode(),
    }


def main() -> None:
    port, media, path, seconds = sys.argv[1:]
    measured = call(int(port), media, Path(path).read_bytes(), float(seconds))
    try:
        import uvloop  # type: ignore[import-not-found]  # the client must be faster than the servers
    except ImportError:
        print(json.dumps(asyncio.run(measured)))
    else:
        print(json.dumps(uvloop.run(measured)))


if __name__ == "__main__":
    main()
