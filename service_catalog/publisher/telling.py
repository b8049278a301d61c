"""What a person sees while publishing: steps, their changes, and what is under way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm
from rich.status import Status

from service_catalog.publisher.changes import MARKS, Change
from service_catalog.publisher.errors import PublishError


class Telling:
    """Prints to `console`; on a terminal, what is under way stands below with the time since the start."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._began = clock()
        self._status: Status | None = None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Everything inside is part of a step."""
        self._console.print(f"[bold]{escape(title)}[/bold]", highlight=False)
        if not self._console.is_terminal:
            yield
            return
        with self._console.status("looking", spinner="dots") as self._status:
            yield
        self._status = None

    def changes(self, changes: Sequence[Change]) -> None:
        if not changes:
            self._console.print("  nothing to change", style="dim")
        for change in changes:
            mark, style = MARKS[change.action]
            because = f" ({change.because})" if change.because else ""
            self._console.print(
                f"  [{style}]{mark} {change.action:8}[/{style}] {escape(change.what + because)}",
                highlight=False,
                soft_wrap=True,
            )

    def line(self, text: str, style: str = "") -> None:
        self._console.print(f"  {self._time()}  {escape(text)}", style=style, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)

    def under_way(self, text: str) -> None:
        if self._status:
            self._status.update(f"{self._time()}  {escape(text)}")

    def agreed(self, question: str, yes: bool) -> bool:
        """Whether a person agrees; `yes` agrees beforehand.

        Raises:
            PublishError: nobody can be asked.
        """
        if yes:
            return True
        if not (self._console.is_terminal and sys.stdin.isatty()):
            raise PublishError("this takes something away, and there is no terminal to ask at; --yes agrees beforehand")
        if self._status:
            self._status.stop()
        answer = Confirm.ask(question, console=self._console, default=False)
        if self._status:
            self._status.start()
        return answer

    def _time(self) -> str:
        minutes, seconds = divmod(int(self._clock() - self._began), 60)
        return f"{minutes:02}:{seconds:02}"
