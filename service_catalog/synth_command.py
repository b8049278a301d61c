"""`synth`: write the templates that the code makes, or check that they are the committed ones."""

from __future__ import annotations

import sys

import click

from service_catalog.publisher import history
from service_catalog.stacks import FOLDER, synthesize, text_of


@click.command("synth")
@click.option("--check", is_flag=True, help="Write nothing; fail if a committed template differs from the code.")
def command(check: bool) -> None:
    """Write service_catalog/templates/ from the CDK code, and their digests as those of this version.

    \b
    python -m service_catalog synth
    python -m service_catalog synth --check
    """
    made = synthesize()
    differing = []
    for name, template in made.templates.items():
        path, text = FOLDER / f"{name}.yaml", text_of(name, template)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differing.append(path.name)
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(f"wrote {path.name}")
    if check and differing:
        sys.exit(f"differs from the code: {', '.join(differing)}; run `make synth` and review the change")
    if not check:
        release = history.record()
        click.echo(f"{release.version} is recorded in {history.FILE.name}")
