"""The request log is written once for all requests that end together, whole lines only, and none is lost."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from model_build.serving import request_log
from model_build.serving.request_log import AT_ONCE, RequestRecord


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    found: list[bytes] = []
    monkeypatch.setattr(os, "write", lambda _, data: found.append(data))
    monkeypatch.setattr(request_log, "_output", request_log._Output())
    return found


def ids(writes: list[bytes]) -> list[str]:
    return [json.loads(line)["inference_id"] for line in b"".join(writes).splitlines()]


async def end_together(count: int) -> None:
    async def end(number: int) -> None:
        RequestRecord("/invocations", str(number)).write()

    await asyncio.gather(*(end(number) for number in range(count)))


def test_requests_that_end_together_are_one_write(writes: list[bytes]) -> None:
    asyncio.run(end_together(5))
    assert (len(writes), ids(writes)) == (1, list("01234"))


def test_a_write_is_no_longer_than_a_shared_pipe_keeps_whole(writes: list[bytes]) -> None:
    asyncio.run(end_together(100))
    assert ids(writes) == [str(number) for number in range(100)]
    assert all(len(data) <= AT_ONCE and data.endswith(b"\n") for data in writes)
    assert 1 < len(writes) < 20


def test_without_a_loop_a_line_is_written_at_once(writes: list[bytes]) -> None:
    RequestRecord("/invocations", "a").write()
    assert ids(writes) == ["a"]


def test_a_line_that_a_closed_loop_left_is_written_with_the_next(writes: list[bytes]) -> None:
    async def end(number: str) -> None:
        RequestRecord("/invocations", number).write()

    for number in "ab":
        loop = asyncio.new_event_loop()
        task = end(number)
        loop.call_soon(loop.stop)
        loop.create_task(task)
        loop.run_forever()
        loop.close()
    asyncio.run(end("c"))
    assert ids(writes) == ["a", "b", "c"]
