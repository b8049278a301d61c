"""`python -m service_catalog synth`: the commands of whoever publishes the template."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS = {
    "synth": "service_catalog.synth_command",
    "control-policies": "service_catalog.guardrails.command",
    "record-version": "service_catalog.publisher.record_command",
    "publish": "service_catalog.publisher.publish_command",
    "verify-aws": "service_catalog.verify_aws.command",
}


class _Commands(click.Group):
    """Imports a command when it is called, since CDK takes seconds to start."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(COMMANDS[cmd_name]).command
        return found


@click.command(cls=_Commands)
def main() -> None:
    """Synthesize, publish and verify the template for Service Catalog and SageMaker Studio."""


if __name__ == "__main__":
    sys.exit(main(prog_name="python -m service_catalog"))
