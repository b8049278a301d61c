"""`verify-aws`: lists, asks, tries, cleans up, writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from renderer.template import version
from service_catalog.verify_aws import report
from service_catalog.verify_aws.account import Account, Options
from service_catalog.verify_aws.checks import Check, every_check
from service_catalog.verify_aws.course import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verified-on-aws.md"


@click.command("verify-aws")
@click.option("--region", help="Region to try in; else your configuration's.")
@click.option(
    "--connection-arn", default="", help="An available connection of CodeConnections, for the push to a git host."
)
@click.option("--repository", default="", help="OWNER/NAME of a repository behind it; a branch is pushed and removed.")
@click.option("--product", default=Options.product, show_default=True, help="Service Catalog's product to try.")
@click.option("--template-url", default="", help="https://… of the template on the S3 channel.")
@click.option("--template-role-arn", default="", help="The S3 channel's launch role.")
@click.option("--execution-role-arn", default="", help="An execution role whose users create projects in Studio.")
@click.option("--subnet-ids", default="", help="Private subnets for the project's jobs, comma-separated.")
@click.option("--security-group-ids", default="", help="Security groups for the project's jobs, comma-separated.")
@click.option(
    "--only", multiple=True, help="Name of a check; may be repeated. Checks that need others' projects need them too."
)
@click.option("--list", "only_list", is_flag=True, help="Say what would be tried, made and paid, and end.")
@click.option("--page", "only_page", is_flag=True, help="Write the table as it is before any run, and end.")
@click.option("--yes", is_flag=True, help="Begin without asking.")
@click.option("--keep", is_flag=True, help="Leave what was made, to look at it. It goes on costing.")
@click.option("--output", type=click.Path(path_type=Path), default=PAGE, help="Where the results table goes.")
def command(
    region: str | None,
    only: tuple[str, ...],
    only_list: bool,
    only_page: bool,
    yes: bool,
    keep: bool,
    output: Path,
    **given: str,
) -> None:
    """Try on your account what can't be proved without one, and write a dated table of results.

    \b
    python -m service_catalog verify-aws --list
    python -m service_catalog verify-aws --connection-arn ARN --repository OWNER/NAME

    Use an account for experiments: it creates projects, repositories, jobs and an endpoint, and removes them again.
    """
    if only_page:
        _write_before_any_run(output)
        return
    checks = _chosen(every_check(), only)
    click.echo(plan(checks))
    if only_list:
        return
    if not yes and not click.confirm("Begin?", default=False):
        sys.exit("nothing was done")
    account = Account(_clients(region), Options(**given), say=click.echo, keep=keep)
    who = account.identity()
    click.echo(f"In account {who['Account']}, {who['Region']}, as {who['Arn']}; names begin with {account.prefix}")
    course = run(checks, account)
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    output.write_text(report.page(every_check(), version(), course, when, who["Region"]), encoding="utf-8")
    click.echo(f"wrote {output.name}")
    if course.left:
        click.echo("Still there; remove it by hand:\n  " + "\n  ".join(course.left), err=True)
    sys.exit(0 if course.all_hold and (keep or not course.left) else 1)


def _write_before_any_run(output: Path) -> None:
    """Ends the command rather than lose what a run has shown."""
    if output.exists() and report.tells_of_a_run(output.read_text(encoding="utf-8")):
        sys.exit(f"{output.name} tells what a run has shown; remove it first, or give --output")
    output.write_text(report.page(every_check(), version()), encoding="utf-8")
    click.echo(f"wrote {output.name}")


def plan(checks: Sequence[Check]) -> str:
    """What is tried, made and paid, in words."""
    lines = [
        f"{len(checks)} checks, which cost up to about {sum(each.usd for each in checks):.2f} US dollars together:"
    ]
    for each in checks:
        made = f" Makes {each.creates}." if each.creates else " Makes nothing."
        lines.append(f"  {each.name} ({each.usd:.2f}): {each.claim}{made}")
    return "\n".join([*lines, "Everything made is removed in the end, also after a failure; --keep leaves it."])


def _chosen(checks: list[Check], only: tuple[str, ...]) -> list[Check]:
    if unknown := sorted(set(only) - {each.name for each in checks}):
        raise click.BadParameter(
            f"{', '.join(unknown)}: there is no such check; --list names them", param_hint="--only"
        )
    return [each for each in checks if not only or each.name in only]


def _clients(region: str | None) -> Any:
    import boto3

    session = boto3.session.Session(region_name=region)
    if not session.region_name:
        sys.exit("no region: give --region, or set AWS_REGION")
    if session.get_credentials() is None:
        sys.exit("no AWS credentials: sign in first, for example with `aws sso login`")
    return session.client
