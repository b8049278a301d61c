"""`publish`: the channel, the launch roles, the seeder, products, portfolios and versions of this account."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import EXAMPLE, LOCAL, Settings, load_settings
from service_catalog.publisher.telling import Telling


@click.command("publish")
@click.option("--dry-run", is_flag=True, help="Only read, and show what would change.")
@click.option(
    "--settings", type=click.Path(path_type=Path), help="Settings of the organisation  [publisher/publish.toml]"
)
@click.option("--yes", is_flag=True, help="Agree beforehand that things are removed or replaced.")
def command(dry_run: bool, settings: Path | None, yes: bool) -> None:
    """Publish the project templates to Service Catalog and to Studio's S3 channel.

    Needs credentials of the account that publishes, and nothing else. A second run changes nothing.

    \b
    python -m service_catalog publish --dry-run
    AWS_PROFILE=platform AWS_REGION=eu-west-1 python -m service_catalog publish
    python -m service_catalog publish --settings ours.toml --yes
    """
    try:
        _publish(settings, dry_run, yes)
    except PublishError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("Interrupted; what AWS has begun goes on there. Run it again to see what is left to do.", file=sys.stderr)
        sys.exit(130)


def _publish(path: Path | None, dry_run: bool, yes: bool) -> None:
    telling = Telling(Console(highlight=False))
    chosen = path or (LOCAL if LOCAL.is_file() else EXAMPLE)
    settings = load_settings(chosen)
    if chosen == EXAMPLE:
        telling.say(f"{LOCAL.name} is absent: with the settings of {EXAMPLE.name}")
    from service_catalog.publisher.aws import connect
    from service_catalog.publisher.publish import publish

    aws = connect()
    published = _published(settings, telling)
    telling.say(f"Version {published.version} in account {aws.account}, {aws.region}")
    changes = publish(aws, published, telling, dry_run=dry_run, yes=yes)
    if dry_run:
        telling.say(f"{_counted(changes)} would be made. Nothing was changed." if changes else "Nothing to change.")
    else:
        telling.say(f"Done: {_counted(changes)}." if changes else "Nothing to change.")


def _published(settings: Settings, telling: Telling):  # type: ignore[no-untyped-def]
    from service_catalog.publisher.history import current, load_history
    from service_catalog.publisher.publish import Package, Published
    from service_catalog.publisher.synthesis import publisher_text
    from service_catalog.seeder.bundle import bundle
    from service_catalog.seeder.package import package

    history = load_history()
    current(history)
    with telling.step("template bundle and seeder's package, made here"):
        made, code = bundle(), package()
    return Published(
        settings, history, Package(made.key, made.content), Package(code.key, code.content), publisher_text
    )


def _counted(changes: int) -> str:
    return f"{changes} change{'' if changes == 1 else 's'}"
