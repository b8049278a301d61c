"""`record-version`: write this version and the digests of its templates into versions.toml."""

from __future__ import annotations

import datetime
import sys

import click

from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.history import FILE, load_history, text_of, with_release


@click.command("record-version")
def command() -> None:
    """Record the version in cookiecutter.json, with its templates as they are now, as the newest.

    Do it after `make synth`, before the version is published; what was published never changes.

    \b
    python -m service_catalog record-version
    """
    from renderer.template import version

    try:
        today = datetime.datetime.now(datetime.UTC).date()
        releases = with_release(load_history() if FILE.exists() else [], version(), today)
    except PublishError as error:
        sys.exit(f"error: {error}")
    text = text_of(releases)
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text:
        click.echo(f"{releases[-1].version} is recorded as it is")
        return
    FILE.write_text(text, encoding="utf-8")
    click.echo(f"recorded {releases[-1].version} of {releases[-1].date}")
