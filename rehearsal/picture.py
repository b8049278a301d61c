"""Draw what `make demo` shows into docs/images/demo.svg: `make demo | python rehearsal/picture.py`."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "demo.svg"


def draw(transcript: str) -> str:
    """SVG of a terminal that shows `transcript`, with this checkout's place and fonts from the network left out."""
    console = Console(record=True, width=130, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(transcript.replace(f"{ROOT}/", "")))
    svg = console.export_svg(title="make demo", unique_id="demo")
    without_fonts = re.sub(r"@font-face {.*?}\s*", "", svg, flags=re.DOTALL)
    return "".join(f"{line.rstrip()}\n" for line in without_fonts.rstrip().splitlines())


def main() -> None:
    transcript = sys.stdin.read()
    sys.stdout.write(transcript)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(transcript), encoding="utf-8")


if __name__ == "__main__":
    main()
