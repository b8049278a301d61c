"""Signals that ask the process to stop, as an exception: so cleaning up happens, once and undisturbed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stopped(BaseException):
    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


def _stop(signal_number: int, _frame: FrameType | None) -> None:
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped(signal_number)


@contextmanager
def stopping_as_exception() -> Iterator[None]:
    """Raise Stopped at the first signal and ignore those after it; for the main thread only."""
    usual = {number: signal.signal(number, _stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
