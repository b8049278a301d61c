"""Pictures of a pipeline, made from its compiled definition: Mermaid text for README.md, SVG for the report."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- pipeline:begin -->", "<!-- pipeline:end -->"
SHAPES = {
    "Processing": ("[", "]"),
    "Training": ("[[", "]]"),
    "Condition": ("{", "}"),
    "RegisterModel": ("[(", ")]"),
    "Fail": ("([", "])"),
}
STYLES = {
    "Processing": "fill:#e8f1fb,stroke:#3b78b5,color:#10263b",
    "Training": "fill:#e9f7ee,stroke:#2f8f57,color:#0e2c1b",
    "Condition": "fill:#fff6dc,stroke:#b98a16,color:#3a2b05",
    "RegisterModel": "fill:#efe9fb,stroke:#7453b8,color:#231640",
    "Fail": "fill:#fdeaea,stroke:#c0473f,color:#3d1210",
}
_STEP = re.compile(r"Steps\.([A-Za-z0-9_-]{1,64})")


class DiagramError(ValueError):
    """A file that can't take the picture: which one and what it lacks."""


@dataclasses.dataclass(frozen=True)
class Node:
    """A step as drawn: what it waits for, and the branch of a condition that it belongs to."""

    name: str
    type: str
    upstream: frozenset[str]
    condition: str = ""
    outcome: str = ""


def mermaid(definition: dict[str, Any]) -> str:
    """Mermaid flowchart of a definition, top to bottom, without the edges that other edges imply."""
    nodes = {node.name: node for node in _nodes(definition["Steps"])}
    lines = ["flowchart TD"]
    lines += [f"  {_identifier(node.name)}{_box(node)}" for node in nodes.values()]
    for node in nodes.values():
        for upstream in (name for name in nodes if name in _direct(node, nodes)):
            label = f"|{node.outcome}|" if upstream == node.condition else ""
            lines.append(f"  {_identifier(upstream)} -->{label} {_identifier(node.name)}")
    for kind, style in STYLES.items():
        if members := [_identifier(node.name) for node in nodes.values() if node.type == kind]:
            lines += [f"  classDef {kind} {style}", f"  class {','.join(members)} {kind}"]
    return "\n".join(lines) + "\n"


def svg(definition: dict[str, Any]) -> str:
    """The same picture as one self-contained SVG."""
    import mermaidx

    drawn: str = mermaidx.render(mermaid(definition)).svg()
    return drawn


def update_readme(path: Path, text: str) -> bool:
    """Put Mermaid text between the pipeline markers of a Markdown file; whether that changed the file.

    Raises:
        DiagramError: the file lacks one of the markers.
    """
    old = path.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise DiagramError(f"{path.name}: no place for the picture; expected the lines {BEGIN} and {END}")
    new = f"{before}{BEGIN}\n```mermaid\n{text.rstrip()}\n```\n{END}{after}"
    if new != old:
        path.write_text(new, encoding="utf-8", newline="\n")
    return new != old


def _nodes(steps: list[dict[str, Any]], condition: str = "", outcome: str = "") -> Iterator[Node]:
    for step in steps:
        arguments = step["Arguments"]
        own = arguments["Conditions"] if step["Type"] == "Condition" else arguments
        upstream = {*step.get("DependsOn", []), *_references(own), *([condition] if condition else [])}
        yield Node(step["Name"], step["Type"], frozenset(upstream), condition, outcome)
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


def _direct(node: Node, nodes: dict[str, Node]) -> set[str]:
    """What a step waits for, less what those already wait for."""
    implied: set[str] = set()
    for upstream in node.upstream:
        implied |= _ancestors(upstream, nodes)
    return set(node.upstream) - implied


def _ancestors(name: str, nodes: dict[str, Node]) -> set[str]:
    found = set(nodes[name].upstream)
    for upstream in nodes[name].upstream:
        found |= _ancestors(upstream, nodes)
    return found


def _box(node: Node) -> str:
    left, right = SHAPES.get(node.type, SHAPES["Processing"])
    return f'{left}"{re.sub(r"(?<=[a-z])(?=[A-Z])", " ", node.name)}"{right}'


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)
