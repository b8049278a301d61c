"""The table of docs/emulated-aws.md, from what each module says of itself; run as a module it writes the table."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parent
PAGE = PACKAGE.parents[1] / "docs" / "emulated-aws.md"
BEGIN, END = "<!-- statements: begin -->\n", "<!-- statements: end -->\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def table() -> str:
    """A row for every module whose docstring sets what AWS does against what is simplified."""
    rows = ["| Module | What it is | On AWS, and what is simplified here |", "|---|---|---|"]
    for path in sorted(PACKAGE.rglob("*.py")):
        summary, _, rest = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")
        if rest.startswith("AWS:"):
            name = path.relative_to(PACKAGE).with_suffix("").as_posix()
            rows.append(f"| `{name}` | {_cell(summary)} | {_cell(rest.removeprefix('AWS:'))} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page())
