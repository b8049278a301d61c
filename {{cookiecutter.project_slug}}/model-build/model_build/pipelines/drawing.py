"""A pipeline drawn as SVG: steps in layers, top to bottom; small, and the same bytes for the same definition."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from model_build.pipelines.outline import Edge, Node, edges, nodes, title


@dataclasses.dataclass(frozen=True)
class Style:
    fill: str
    stroke: str
    text: str


STYLES = {
    "Processing": Style("#e8f1fb", "#3b78b5", "#10263b"),
    "Training": Style("#e9f7ee", "#2f8f57", "#0e2c1b"),
    "Condition": Style("#fff6dc", "#b98a16", "#3a2b05"),
    "RegisterModel": Style("#efe9fb", "#7453b8", "#231640"),
    "Fail": Style("#fdeaea", "#c0473f", "#3d1210"),
}
WIDTH, HEIGHT, COLUMN, ROW, MARGIN = 170, 44, 200, 84, 12
LINE = "#667085"

Place = tuple[float, float]


def svg(definition: Mapping[str, Any]) -> str:
    """Self-contained SVG of a definition; text stays text, so it can be read, searched and scaled."""
    steps = nodes(definition)
    lines = edges(steps)
    places = _places(steps, lines)
    left = min(x for x, _ in places.values()) - WIDTH / 2 - MARGIN
    width = max(x for x, _ in places.values()) + WIDTH / 2 + MARGIN - left
    height = max(y for _, y in places.values()) + HEIGHT / 2 + MARGIN
    name = ", ".join(title(step) for step in steps)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" font-family="system-ui, sans-serif" font-size="15">',
        f"<title>Steps of the pipeline: {escape(name)}</title>",
        '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0 0L10 5L0 10z" fill="{LINE}"/></marker></defs>',
        *(_line(edge, places) for edge in lines),
        *(_box(step, places[step.name]) for step in steps.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _places(steps: Mapping[str, Node], lines: list[Edge]) -> dict[str, Place]:
    """Centre of each step: its layer is the longest way to it, its column follows those of its predecessors."""
    sources = {name: [edge.source for edge in lines if edge.target == name] for name in steps}
    places: dict[str, Place] = {}
    for depth, layer in enumerate(_layers(sources)):
        wanted = {
            name: sum(places[source][0] for source in sources[name]) / max(len(sources[name]), 1) for name in layer
        }
        middle = sum(wanted.values()) / len(wanted)
        y = MARGIN + HEIGHT / 2 + depth * ROW
        for index, name in enumerate(sorted(layer, key=lambda name: wanted[name])):
            places[name] = (middle + (index - (len(layer) - 1) / 2) * COLUMN, y)
    return places


def _layers(sources: Mapping[str, list[str]]) -> list[list[str]]:
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1 + max((of(source) for source in sources[name]), default=-1)
        return depth[name]

    for name in sources:
        of(name)
    return [[name for name in sources if depth[name] == level] for level in range(max(depth.values()) + 1)]


def _line(edge: Edge, places: Mapping[str, Place]) -> str:
    (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
    y1, y2 = y1 + HEIGHT / 2, y2 - HEIGHT / 2
    half = (y1 + y2) / 2
    path = (
        f'<path d="M{x1:g} {y1:g}C{x1:g} {half:g} {x2:g} {half:g} {x2:g} {y2:g}" fill="none" stroke="{LINE}" '
        'stroke-width="1.5" marker-end="url(#arrow)"/>'
    )
    if not edge.label:
        return path
    side = "end" if x2 < x1 else "start"
    x = x2 + (-8 if x2 < x1 else 8)
    return f'{path}\n<text x="{x:g}" y="{y2 - 10:g}" text-anchor="{side}" fill="{LINE}">{escape(edge.label)}</text>'


def _box(step: Node, place: Place) -> str:
    style, (x, y) = STYLES.get(step.type, STYLES["Processing"]), place
    paint = f'fill="{style.fill}" stroke="{style.stroke}" stroke-width="1.5"'
    left, top = x - WIDTH / 2, y - HEIGHT / 2
    if step.type == "Condition":
        shape = f'<path d="M{x:g} {top:g}L{x + WIDTH / 2:g} {y:g}L{x:g} {y + HEIGHT / 2:g}L{left:g} {y:g}z" {paint}/>'
    else:
        radius = HEIGHT / 2 if step.type == "Fail" else 5
        size = f'width="{WIDTH}" height="{HEIGHT}" rx="{radius:g}"'
        shape = f'<rect x="{left:g}" y="{top:g}" {size} {paint}/>'
    text = f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" fill="{style.text}">{escape(title(step.name))}</text>'
    return f"{shape}\n{text}"
