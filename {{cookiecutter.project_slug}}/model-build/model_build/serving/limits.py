"""What one server may take: processors and bytes."""

from __future__ import annotations

import os

MEBIBYTE = 1024 * 1024
REALTIME_PAYLOAD_MB = 6  # InvokeEndpoint's own limit
LARGEST_PAYLOAD_MB = 1024  # an asynchronous endpoint's


class LimitError(ValueError):
    """One line: which variable, its value, what would be accepted."""


def payload_mb() -> int:
    """Mebibytes a request's body may have: 6, or SERVING_MAX_PAYLOAD_MB.

    Raises:
        LimitError: that is no whole number from 1 to 1024.
    """
    return _whole_number("SERVING_MAX_PAYLOAD_MB", REALTIME_PAYLOAD_MB, LARGEST_PAYLOAD_MB)


def worker_processes() -> int:
    """Processes that share the port: 1, or WEB_CONCURRENCY.

    Raises:
        LimitError: that is no whole number from 1 to 256.
    """
    return _whole_number("WEB_CONCURRENCY", 1, 256)


def processors() -> int:
    """Processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_per_worker() -> int:
    """Threads for a large request, so that all workers together don't want more than there are processors."""
    return max(1, processors() // worker_processes())


def _whole_number(variable: str, default: int, largest: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= largest):
        raise LimitError(f"{variable} = {text[:80]!r}; expected a whole number from 1 to {largest}")
    return int(text)
