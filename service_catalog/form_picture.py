"""A picture of the form, drawn from the project template's fields: `python -m service_catalog.form_picture`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path

from service_catalog.answers import answer_fields, identity_fields
from service_catalog.bindings import binding_fields
from service_catalog.fields import Field

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "form-codepipeline.svg"
WIDTH, MARGIN, GAP = 860, 28, 28
COLUMN = (WIDTH - 2 * MARGIN - GAP) // 2
BOX, LINE, HINT_LETTERS, MOST_LINES = 30, 15, 72, 4
STYLE = """
text { font-family: Arial, Helvetica, sans-serif; }
.title { font-size: 20px; font-weight: bold; fill: #16191f; }
.group { font-size: 15px; font-weight: bold; fill: #16191f; }
.label { font-size: 12px; font-weight: bold; fill: #16191f; }
.optional { font-weight: normal; font-style: italic; fill: #687078; }
.value { font-size: 13px; fill: #16191f; }
.hint { font-size: 11px; fill: #545b64; }
.box { fill: #ffffff; stroke: #7d8998; }
.panel { fill: #ffffff; stroke: #d5dbdb; }
"""


def picture(ci: str) -> str:
    """The form of one CI system as SVG."""
    fields = [*identity_fields(), *answer_fields(ci), *binding_fields(ci)]
    body: list[str] = []
    y = 56
    for group in dict.fromkeys(field.group for field in fields):
        rows = _rows([field for field in fields if field.group == group])
        height = 44 + sum(map(_height, rows))
        body.append(f'<rect class="panel" x="12" y="{y}" width="{WIDTH - 24}" height="{height}" rx="6"/>')
        body.append(f'<text class="group" x="{MARGIN}" y="{y + 26}">{escape(group)}</text>')
        y += 40
        for row in rows:
            for column, field in enumerate(row):
                body += _drawn(field, MARGIN + column * (COLUMN + GAP), y)
            y += _height(row)
        y += 18
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">',
        f"<title>The form of a project with {escape(ci)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{y}" fill="#f2f3f3"/>',
        f'<text class="title" x="{MARGIN}" y="36">Create project</text>',
    ]
    return "\n".join([*head, *body, "</svg>"]) + "\n"


def _rows(fields: Sequence[Field]) -> list[Sequence[Field]]:
    return [fields[start : start + 2] for start in range(0, len(fields), 2)]


def _height(row: Sequence[Field]) -> int:
    return 20 + BOX + 8 + LINE * max(len(_hint(field)) for field in row) + 10


def _hint(field: Field) -> list[str]:
    return textwrap.wrap(field.accepted, HINT_LETTERS, max_lines=MOST_LINES, placeholder=" …")


def _drawn(field: Field, x: int, y: int) -> list[str]:
    optional = ' <tspan class="optional">(optional)</tspan>' if field.optional else ""
    shown = textwrap.shorten(field.default or "", 52, placeholder=" …")
    parts = [
        f'<text class="label" x="{x}" y="{y + 13}">{escape(field.label)}{optional}</text>',
        f'<rect class="box" x="{x}" y="{y + 20}" width="{COLUMN}" height="{BOX}" rx="3"/>',
        f'<text class="value" x="{x + 10}" y="{y + 40}">{escape(shown)}</text>',
    ]
    if field.choices:
        right = x + COLUMN - 22
        parts.append(f'<path d="M{right} {y + 32} l5 6 l5 -6" fill="none" stroke="#545b64" stroke-width="2"/>')
    top = y + 20 + BOX + LINE
    return parts + [
        f'<text class="hint" x="{x}" y="{top + LINE * number}">{escape(line)}</text>'
        for number, line in enumerate(_hint(field))
    ]


if __name__ == "__main__":
    PICTURE.write_text(picture("codepipeline"), encoding="utf-8")
