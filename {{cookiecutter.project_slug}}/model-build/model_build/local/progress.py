"""What a person sees of a run: a live table in a terminal, a line per event elsewhere."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from model_build.local.records import ExecutionRecord, Status, StepRecord

LOG_LINES = 20
_STYLES = {
    Status.WAITING: "dim",
    Status.EXECUTING: "cyan",
    Status.SUCCEEDED: "green",
    Status.FAILED: "bold red",
    Status.STOPPED: "yellow",
    Status.NOT_EXECUTED: "dim",
}
_WORDS = {Status.WAITING: "waiting", Status.EXECUTING: "running", Status.NOT_EXECUTED: "not needed"}
_REUSE = {"Cache": "from cache", "Selection": "kept"}


class Progress(Protocol):
    """Shows a run while it is used as a context manager."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def changed(self, record: ExecutionRecord, step: StepRecord | None) -> None: ...


def progress_on(console: Console) -> Progress:
    """The progress view that suits a console."""
    return TableProgress(console) if console.is_terminal else LineProgress(console)


def state(step: StepRecord) -> str:
    """A step's state in a word or two."""
    return _REUSE[step.reuse] if step.reuse else _WORDS.get(step.status, step.status.value.lower())


def tail(log: str | None) -> list[str]:
    """The last lines of a log that are not empty; none if there is no log."""
    if not log or not Path(log).is_file():
        return []
    with Path(log).open(encoding="utf-8", errors="replace") as stream:
        return list(deque((line.rstrip() for line in stream if line.strip()), maxlen=LOG_LINES))


def show_failures(console: Console, record: ExecutionRecord) -> None:
    """Prints each failed step with its reason, the last lines of its log and where the whole log is."""
    for step in record.steps.values():
        if step.status is not Status.FAILED:
            continue
        console.print(
            f"[bold red]{escape(step.name)} failed[/]: {escape(step.failure or '')}", soft_wrap=True, highlight=False
        )
        for line in tail(step.log):
            console.print(Text(f"  {line}"), soft_wrap=True, style="dim")
        if step.log:
            console.print(Text(f"Full log: {step.log}"), soft_wrap=True)


class LineProgress:
    """One line when a step starts and one when it ends."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def changed(self, record: ExecutionRecord, step: StepRecord | None) -> None:
        if step is None:
            seconds = f" ({record.seconds:.1f} s)" if record.end else ""
            words = f"{record.pipeline} {record.id}: {record.status.value}{seconds}"
        elif step.status is Status.NOT_EXECUTED:
            return
        else:
            seconds = (
                f" ({step.seconds:.1f} s)" if step.start and step.status in (Status.SUCCEEDED, Status.FAILED) else ""
            )
            note = f" {step.note}" if step.note and step.status is Status.SUCCEEDED else ""
            words = f"  {step.name}: {state(step)}{seconds}{note}"
        self.console.print(Text(words), soft_wrap=True)


class TableProgress:
    """A table of all steps that changes in place."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._record: ExecutionRecord | None = None
        self._started: dict[str, float] = {}
        self._began = time.monotonic()
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8)

    def __enter__(self) -> TableProgress:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def changed(self, record: ExecutionRecord, step: StepRecord | None) -> None:
        self._record = record
        if step and step.status is Status.EXECUTING:
            self._started[step.name] = time.monotonic()

    def _render(self) -> Group | Text:
        record = self._record
        if record is None:
            return Text("")
        seconds = record.seconds if record.end else time.monotonic() - self._began
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name, justify in (("", "left"), ("Step", "left"), ("State", "left"), ("Seconds", "right"), ("", "left")):
            table.add_column(name, justify="right" if justify == "right" else "left", overflow="ellipsis", no_wrap=True)
        for step in list(record.steps.values()):
            table.add_row(
                self._mark(step),
                step.name,
                Text(state(step), _STYLES[step.status]),
                self._seconds(step),
                Text(step.note, "dim"),
            )
        title = Text.assemble(
            (record.pipeline, "bold"),
            f"  {record.id}  ",
            (record.status.value, _STYLES[record.status]),
            f"  {seconds:.1f} s",
        )
        return Group(title, Padding(table, (0, 0, 0, 1)))

    def _mark(self, step: StepRecord) -> Spinner | Text:
        if step.status is Status.EXECUTING:
            return self._spinner
        marks = {Status.SUCCEEDED: "✓", Status.FAILED: "✗", Status.STOPPED: "■", Status.NOT_EXECUTED: "-"}
        return Text(marks.get(step.status, "·"), _STYLES[step.status])

    def _seconds(self, step: StepRecord) -> str:
        if step.status is Status.EXECUTING:
            return f"{time.monotonic() - self._started.get(step.name, self._began):.1f}"
        return f"{step.seconds:.1f}" if step.end else ""
