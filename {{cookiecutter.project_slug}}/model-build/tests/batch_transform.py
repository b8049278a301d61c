"""A stand-in for SageMaker's batch transform agent, in this process: splits, filters, asks the server, joins.

"Associate Prediction Results with Input Records" and CreateTransformJob in SageMaker's documentation are its source:
every input object gives `<name>.out`; an input line that is a JSON object gains `SageMakerOutput`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

JSON_LINES = "application/jsonlines"
Ask = Callable[[bytes, dict[str, str]], bytes]


def transform(source: Path, prefix: str, target: Path, ask: Ask, max_payload_bytes: int = 6 * 1024 * 1024) -> int:
    """SplitType and AssembleWith Line, InputFilter `$.features`, JoinSource Input; returns the number of requests."""
    requests = 0
    target.mkdir(parents=True)
    for path in sorted(source.glob(f"{prefix}*")):
        with (target / f"{path.name}.out").open("w", encoding="utf-8") as output:
            lines = path.read_text(encoding="utf-8").split("\n")
            for records in _payloads([json.loads(line) for line in lines if line], max_payload_bytes):
                body = b"\n".join(_filtered(record) for record in records)
                assert len(body) <= max_payload_bytes
                answers = ask(body, {"content-type": JSON_LINES, "accept": JSON_LINES}).decode().strip().split("\n")
                requests += 1
                for record, answer in zip(records, answers, strict=True):
                    output.write(json.dumps({**record, "SageMakerOutput": json.loads(answer)}) + "\n")
    return requests


def _filtered(record: dict[str, Any]) -> bytes:
    return json.dumps(record["features"]).encode()


def _payloads(records: list[dict[str, Any]], limit: int) -> Iterator[list[dict[str, Any]]]:
    payload: list[dict[str, Any]] = []
    size = 0
    for record in records:
        length = len(_filtered(record)) + 1
        if payload and size + length > limit:
            yield payload
            payload, size = [], 0
        payload.append(record)
        size += length
    yield payload


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Changes the records of a JSON Lines file."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(record) + "\n" for record in change(records)), encoding="utf-8")
