"""`record-version`: write this version and the digests of its templates into versions.toml."""

from __future__ import annotations

import sys

import click

from service_catalog.publisher import history
from service_catalog.publisher.errors import PublishError


@click.command("record-version")
def command() -> None:
    """Record the version in cookiecutter.json, with its templates as they are now, as the newest.

    Do it after `make synth`, before the version is published; what was published never changes.

    \b
    python -m service_catalog record-version
    """
    try:
        release = history.record()
    except PublishError as error:
        sys.exit(f"error: {error}")
    click.echo(f"{release.version} is recorded, with its templates of {release.date}")
