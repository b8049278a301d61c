"""The outline of a pipeline, read from its definition: which steps there are and which follows which."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

_STEP = re.compile(r"Steps\.([A-Za-z0-9_-]{1,64})")


@dataclasses.dataclass(frozen=True)
class Node:
    """A step: all that it waits for, and the condition and branch ("yes" or "no") that it belongs to, if any."""

    name: str
    type: str
    upstream: frozenset[str]
    condition: str = ""
    branch: str = ""


@dataclasses.dataclass(frozen=True)
class Edge:
    source: str
    target: str
    label: str


def nodes(definition: Mapping[str, Any]) -> dict[str, Node]:
    """Steps of a definition by name, in its order; those of branches after their condition."""
    return {node.name: node for node in _nodes(definition["Steps"])}


def edges(steps: Mapping[str, Node]) -> list[Edge]:
    """Which step follows which, without the edges that others imply."""
    return [
        Edge(source, node.name, node.branch if source == node.condition else "")
        for node in steps.values()
        for source in steps
        if source in node.upstream and not any(source in _ancestors(other, steps) for other in node.upstream)
    ]


def title(name: str) -> str:
    """A step's name as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _nodes(steps: list[dict[str, Any]], condition: str = "", branch: str = "") -> Iterator[Node]:
    for step in steps:
        arguments = step["Arguments"]
        own = arguments["Conditions"] if step["Type"] == "Condition" else arguments
        upstream = {*step.get("DependsOn", []), *_references(own), *([condition] if condition else [])}
        yield Node(step["Name"], step["Type"], frozenset(upstream), condition, branch)
        if step["Type"] == "Condition":
            yield from _nodes(arguments["IfSteps"], step["Name"], "yes")
            yield from _nodes(arguments["ElseSteps"], step["Name"], "no")


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, dict):
        if isinstance(expression.get("Get"), str) and (step := _STEP.match(expression["Get"])):
            yield step[1]
        for value in expression.values():
            yield from _references(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _references(value)


def _ancestors(name: str, steps: Mapping[str, Node]) -> set[str]:
    found = set(steps[name].upstream)
    for upstream in steps[name].upstream:
        found |= _ancestors(upstream, steps)
    return found
