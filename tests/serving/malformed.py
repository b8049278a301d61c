"""Malformed requests, many thousand, through the server in this process; prints what came back as JSON.

    python malformed.py MODEL_DIR REQUESTS

Hypothesis draws a body, a media type and headers; each draw is then damaged in many ways (bits flipped, pieces cut,
doubled, put into each other), because drawing is what takes the time. Run in an environment that has both the project
and hypothesis.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

VARIANTS = 50
LONG_TEXT, BOMB_ROWS, MOST_BOMB_BYTES = "x" * 2**20, 9000, 20_000
MEDIA = [
    "text/csv",
    "application/json",
    "application/jsonlines",
    "application/vnd.apache.parquet",
    "application/x-parquet",
    "text/csv; charset=utf-8",
]
HEADERS = ["", "*/*", "text/csv", "application/json;q=0.2", "image/png", ";q=", "a/*;q=nan", "application/*;q=-1"]
ATTRIBUTES = ["", "attributions=true", "attributions=false", "attributions", "\x7f"]
Case = tuple[bytes, str, str, str]
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["", "?", "NA", "nan", "inf", "-inf", "1e999", "1e39", "1_0", "true", "\ud7ff", "\x00", '"', "'"]),
)
JSON = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def bodies(rows: list[dict[str, Any]], parquet: list[bytes]) -> st.SearchStrategy[bytes]:
    names = list(rows[0])
    value = SCALAR | JSON
    record = st.fixed_dictionaries({}, optional=dict.fromkeys(names, value)) | st.sampled_from(rows)
    row = record | st.lists(value, min_size=len(names) - 1, max_size=len(names) + 1)
    table = st.lists(row, max_size=4)
    as_json = st.one_of(table, st.fixed_dictionaries({"instances": table | JSON}), JSON).map(dumped)
    as_lines = table.map(lambda lines: b"\n".join(map(dumped, lines)))
    as_csv = st.lists(st.lists(SCALAR, max_size=len(names) + 1), max_size=4).map(
        lambda lines: "\n".join(",".join(map(str, line)) for line in lines).encode("utf-8", "surrogatepass")
    )
    good = st.lists(st.sampled_from(rows), min_size=1, max_size=3)
    good_csv = good.map(lambda lines: "\n".join(",".join(str(v or "") for v in r.values()) for r in lines).encode())
    return st.one_of(
        as_json, as_lines, as_csv, good.map(dumped), good_csv, st.sampled_from(parquet), st.binary(max_size=200)
    )


def dumped(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")


def damaged(body: bytes, other: bytes, chance: random.Random) -> bytes:
    data = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at:at] = data[at : at + chance.randint(1, 60)] * chance.randint(1, 5)
            case 3:
                data[at:at] = other[: chance.randint(0, 80)]
            case 4:
                data[at : at + 4] = chance.randbytes(4)
            case _:
                del data[at:]
    return bytes(data)


class Caller:
    def __init__(self, app: Any) -> None:
        self.app = app
        self.loop = asyncio.new_event_loop()
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []

    def call(self, body: bytes, media: str, accept: str, attributes: str, parts: int) -> None:
        status, answer = self.loop.run_until_complete(self._call(body, media, accept, attributes, parts))
        self.statuses[status] += 1
        one_line = status == 200 or (list(json.loads(answer)) == ["error"] and b"\n" not in answer)
        if status >= 500 or not one_line or b"Traceback" in answer:
            self.failures.append(f"{status} {media!r} {accept!r} {attributes!r} {body[:300]!r}: {answer[:200]!r}")

    async def _call(self, body: bytes, media: str, accept: str, attributes: str, parts: int) -> tuple[int, bytes]:
        size = len(body) // parts + 1
        pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        pairs = [("content-type", media), ("accept", accept), ("x-amzn-sagemaker-custom-attributes", attributes)]
        headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in pairs if value]
        scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": headers}
        await self.app(scope, receive, send)
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def parquet_bodies(rows: list[dict[str, Any]]) -> list[bytes]:
    import io

    import polars as pl

    found = []
    for frame in (pl.DataFrame(rows), pl.DataFrame(rows).select(pl.first()), pl.DataFrame({"x": [[1]]})):
        for compression in ("uncompressed", "zstd", "snappy"):
            buffer = io.BytesIO()
            frame.write_parquet(buffer, compression=compression)
            found.append(buffer.getvalue())
    return [*found, bomb(rows[0])]


def bomb(row: dict[str, Any]) -> bytes:
    """A few kilobytes of Parquet that are gigabytes as plain values: a dictionary holds its one long text once."""
    import io

    import polars as pl

    long = next(name for name, value in row.items() if isinstance(value, str))
    values = {name: LONG_TEXT if name == long else value for name, value in row.items()}
    buffer = io.BytesIO()
    pl.select(pl.repeat(value, BOMB_ROWS).alias(name) for name, value in values.items()).write_parquet(buffer)
    assert len(buffer.getvalue()) < MOST_BOMB_BYTES
    return buffer.getvalue()


def call_damaged(caller: Caller, cases: list[Case], requests: int) -> list[float]:
    """Calls with damaged cases until there were `requests`; gives the memory in use along the way, in megabytes."""
    chance = random.Random(1)  # noqa: S311
    memory = []
    while (made := sum(caller.statuses.values())) < requests:
        body, media, accept, attributes = chance.choice(cases)
        if chance.random() < 0.8:  # most damaged bodies should be read, not refused for a header
            media, accept, attributes = chance.choice(MEDIA), "", ""
        body = damaged(body, chance.choice(cases)[0], chance)
        caller.call(body, media, accept, attributes, chance.randint(1, 3))
        if made % 1000 == 0:
            memory.append(resident_megabytes())
    return memory


def main() -> None:
    folder, requests = Path(sys.argv[1]), int(sys.argv[2])
    from model_build.serving.app import create_app  # type: ignore[import-not-found]
    from model_build.serving.predictor import Predictor  # type: ignore[import-not-found]

    predictor = Predictor.load(folder)
    predictor.native.result()
    caller = Caller(create_app(predictor, ["", "?", "NA"]))
    rows = json.loads((folder.parent / "steps" / "rows.json").read_text())[:20]
    rows = [{name: row[name] for name in predictor.preprocessing.names} for row in rows]
    cases: list[Case] = []

    @seed(1)
    @settings(max_examples=requests // VARIANTS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        bodies(rows, parquet_bodies(rows)),
        st.sampled_from(MEDIA) | st.text(max_size=12),
        st.sampled_from(HEADERS) | st.text(max_size=12),
        st.sampled_from(ATTRIBUTES),
    )
    def requested(body: bytes, media: str, accept: str, attributes: str) -> None:
        caller.call(body, media, accept, attributes, 1)
        cases.append((body, media, accept, attributes))

    quiet = os.open(os.devnull, os.O_WRONLY)
    stdout = os.dup(1)
    os.dup2(quiet, 1)  # the request log
    for body in parquet_bodies(rows):
        caller.call(body, MEDIA[3], "", "", 1)
    requested()
    memory = call_damaged(caller, cases, requests)
    os.dup2(stdout, 1)
    settled = memory[len(memory) // 10]
    result = {
        "requests": sum(caller.statuses.values()),
        "statuses": dict(caller.statuses),
        "failures": caller.failures[:10],
        "settled_megabytes": settled,
        "grown_megabytes": memory[-1] - settled,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
