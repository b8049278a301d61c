"""What is kept of an execution: `executions/<id>/execution.json`, with SageMaker's words for states."""

from __future__ import annotations

import dataclasses
import enum
import json
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model_build.local.files import write_json


class Status(enum.StrEnum):
    """State of an execution or a step; `NotExecuted` is a step in a branch that was not taken."""

    WAITING = "Waiting"
    EXECUTING = "Executing"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"
    NOT_EXECUTED = "NotExecuted"


@dataclasses.dataclass
class StepRecord:
    """A step of an execution. `source` is the execution whose result was reused, `reuse` why: Cache or Selection."""

    name: str
    type: str
    status: Status = Status.WAITING
    start: str | None = None
    end: str | None = None
    seconds: float = 0.0
    reuse: str | None = None
    source: str | None = None
    note: str = ""
    failure: str | None = None
    log: str | None = None
    request: Any = None
    properties: Any = None


@dataclasses.dataclass
class ExecutionRecord:
    """An execution: its parameters and steps. `failure` says in one line why it failed."""

    id: str
    pipeline: str
    parameters: dict[str, Any]
    start: str
    steps: dict[str, StepRecord]
    status: Status = Status.EXECUTING
    end: str | None = None
    seconds: float = 0.0
    failure: str | None = None


def now() -> str:
    """The time in UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Executions:
    """The folder of all executions; ids sort by start."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, execution_id: str) -> Path:
        return self.root / execution_id

    def reserve(self) -> str:
        """A new id with a folder of its own, like `20261121t101512345-1f3a`: usable in S3 keys and job names."""
        self.root.mkdir(parents=True, exist_ok=True)
        while True:
            started = datetime.now(UTC)
            execution_id = f"{started:%Y%m%dt%H%M%S}{started.microsecond // 1000:03d}-{secrets.token_hex(2)}"
            try:
                self.folder(execution_id).mkdir()
            except FileExistsError:
                continue
            return execution_id

    def save(self, record: ExecutionRecord) -> None:
        write_json(self.folder(record.id) / "execution.json", dataclasses.asdict(record))

    def load(self, execution_id: str) -> ExecutionRecord:
        """The record of an execution.

        Raises:
            FileNotFoundError: there is none.
        """
        document = json.loads((self.folder(execution_id) / "execution.json").read_text(encoding="utf-8"))
        document["status"] = Status(document["status"])
        document["steps"] = {
            name: StepRecord(**{**step, "status": Status(step["status"])}) for name, step in document["steps"].items()
        }
        return ExecutionRecord(**document)

    def latest_first(self, pipeline: str) -> Iterator[ExecutionRecord]:
        """Records of a pipeline's executions, the newest first."""
        for folder in sorted(self.root.iterdir(), reverse=True) if self.root.is_dir() else ():
            try:
                record = self.load(folder.name)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if record.pipeline == pipeline:
                yield record
