"""`control-policies`: write the service control policies, or check that the committed ones are the code's."""

from __future__ import annotations

import json
import sys

import click

from service_catalog.guardrails.control_policies import control_policies
from service_catalog.guardrails.statements import Policy
from service_catalog.stacks import FOLDER


def files() -> dict[str, str]:
    """Content by file name."""
    return {f"scp-{name}.json": _text(policy) for name, policy in control_policies().items()}


def _text(policy: Policy) -> str:
    """One line for each statement: Organizations counts blanks of what is uploaded."""
    statements = ",\n".join(json.dumps(each, separators=(",", ":")) for each in policy["Statement"])
    return f'{{"Version": "{policy["Version"]}", "Statement": [\n{statements}\n]}}\n'


@click.command("control-policies")
@click.option("--check", is_flag=True, help="Write nothing; fail if a committed policy differs from the code.")
def command(check: bool) -> None:
    """Write service_catalog/templates/scp-*.json from the code.

    \b
    python -m service_catalog control-policies
    python -m service_catalog control-policies --check
    """
    made = files()
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("scp-*.json")}
    if check and made != committed:
        sys.exit("differs from the code: service_catalog/templates/scp-*.json; write them again and review the change")
    for name in committed.keys() - made.keys():
        (FOLDER / name).unlink()
    for name, text in made.items():
        if committed.get(name) != text:
            (FOLDER / name).write_text(text, encoding="utf-8")
            click.echo(f"wrote {name}")
