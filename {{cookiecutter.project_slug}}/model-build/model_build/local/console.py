"""Where a person reads: a terminal, or text of a fixed width."""

from __future__ import annotations

from rich.console import Console


def console() -> Console:
    """As wide as the terminal; elsewhere wide enough that no line of ours is broken."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=200)
