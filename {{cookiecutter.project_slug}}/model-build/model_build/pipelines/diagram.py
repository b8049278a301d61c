"""Pictures of a pipeline, made from its compiled definition: Mermaid text for README.md, SVG for the report."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_build.pipelines.drawing import STYLES, svg
from model_build.pipelines.outline import edges, nodes, title

__all__ = ["BEGIN", "END", "DiagramError", "mermaid", "svg", "update_readme"]

BEGIN, END = "<!-- pipeline:begin -->", "<!-- pipeline:end -->"
SHAPES = {
    "Training": ("[[", "]]"),
    "Condition": ("{", "}"),
    "RegisterModel": ("[(", ")]"),
    "Fail": ("([", "])"),
}


class DiagramError(ValueError):
    """A file that can't take the picture: which one and what it lacks."""


def mermaid(definition: Mapping[str, Any]) -> str:
    """Mermaid flowchart of a definition, top to bottom, a shape and a colour for each type of step."""
    steps = nodes(definition)
    lines = ["flowchart TD"]
    for step in steps.values():
        left, right = SHAPES.get(step.type, ("[", "]"))
        lines.append(f'  {_identifier(step.name)}{left}"{title(step.name)}"{right}')
    for edge in edges(steps):
        label = f"|{edge.label}|" if edge.label else ""
        lines.append(f"  {_identifier(edge.source)} -->{label} {_identifier(edge.target)}")
    for kind, style in STYLES.items():
        if members := [_identifier(step.name) for step in steps.values() if step.type == kind]:
            lines.append(f"  classDef {kind} fill:{style.fill},stroke:{style.stroke},color:{style.text}")
            lines.append(f"  class {','.join(members)} {kind}")
    return "\n".join(lines) + "\n"


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


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)
