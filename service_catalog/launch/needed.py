"""Which actions a project stack needs: by AWS's resource schemas and by a list of our own, less what it never uses."""

from __future__ import annotations

import fnmatch
import json
import tomllib
from pathlib import Path

HANDLERS = Path(__file__).with_name("handlers.json")
Operations = dict[str, list[str]]


def handlers() -> dict[str, Operations]:
    """Actions by resource type and operation, from the permissions of the schemas' handlers."""
    found: dict[str, Operations] = json.loads(HANDLERS.read_text(encoding="utf-8"))
    return found


def by_hand() -> dict[str, Operations]:
    """The same from the documentation, with `tag` as a further operation."""
    return tomllib.loads(Path(__file__).with_name("by_hand.toml").read_text(encoding="utf-8"))


def unneeded() -> dict[str, list[str]]:
    """Patterns of actions that schemas list in vain, by reason."""
    return tomllib.loads(Path(__file__).with_name("unneeded.toml").read_text(encoding="utf-8"))


def is_unneeded(action: str) -> bool:
    return any(fnmatch.fnmatchcase(action, pattern) for patterns in unneeded().values() for pattern in patterns)


def needed_by(resource_type: str) -> dict[str, set[str]]:
    """Actions of one type by operation, out of both lists."""
    lists = [handlers().get(resource_type, {}), by_hand()[resource_type]]
    operations = {operation for each in lists for operation in each}
    return {
        operation: {action for each in lists for action in each.get(operation, []) if not is_unneeded(action)}
        for operation in operations
    }


def needed_actions() -> set[str]:
    """Every action that any resource of a project stack needs."""
    return {action for name in by_hand() for actions in needed_by(name).values() for action in actions}
