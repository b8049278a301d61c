"""A deployment as a person follows it: the events that matter, with the time since it began."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.markup import escape

from model_deploy.infrastructure import Event
from model_deploy.words import duration

STYLES = {"created": "green", "updated": "green", "removed": "yellow", "failed": "bold red"}


class ConsoleProgress:
    """Prints what has ended or failed; what is under way stands below it on a terminal.

    `watch` tells how far the endpoint has come, `on_failure` is called at once when a resource has failed,
    `on_part` before a part is changed.
    """

    def __init__(
        self,
        console: Console,
        watch: Callable[[], str] = lambda: "",
        on_failure: Callable[[Event], None] = lambda event: None,
        on_part: Callable[[str], None] = lambda part: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console, self._watch, self._clock = console, watch, clock
        self._on_failure, self._on_part = on_failure, on_part
        self._began = clock()
        self._under_way: dict[str, Event] = {}
        self._said = ""
        self._status = console.status("", spinner="dots") if console.is_terminal else None

    def __enter__(self) -> ConsoleProgress:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def part(self, part: str) -> None:
        self._console.print(f"[bold]{part}[/bold]")
        self._on_part(part)

    def event(self, event: Event) -> None:
        key = f"{event.kind} {event.name}"
        if event.outcome == "begun":
            self._under_way[event.kind] = event
            self._show_under_way()
            return
        self._under_way.pop(event.kind, None)
        took = f" in {duration(event.seconds)}" if event.seconds is not None and event.seconds >= 1 else ""
        reason = f": {event.reason}" if event.outcome == "failed" and event.reason else ""
        style = STYLES[event.outcome]
        self._line(f"[{style}]{event.outcome:8}[/{style}] {escape(key)}{took}{escape(reason)}")
        if event.outcome == "failed":
            self._on_failure(event)
        self._show_under_way()

    def tick(self) -> None:
        self._show_under_way()
        if any(event.kind == "sagemaker endpoint" for event in self._under_way.values()):
            said = self._watch()
            if said and said != self._said:
                self._line(f"[cyan]endpoint[/cyan] {escape(said)}")
            self._said = said

    def _line(self, text: str) -> None:
        self._console.print(f"  {_clock(self._clock() - self._began)}  {text}")

    def _show_under_way(self) -> None:
        if self._status:
            names = ", ".join(sorted({event.kind for event in self._under_way.values()}))
            self._status.update(f"{_clock(self._clock() - self._began)}  {escape(names)}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes:2}:{rest:02}"
