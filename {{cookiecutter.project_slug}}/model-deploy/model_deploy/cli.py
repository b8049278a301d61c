"""The commands of this project. Each imports what it needs when it runs, so that help and errors come at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from model_deploy.errors import DeployError
from model_deploy.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    help="Deploy this project's approved model, ask it, and take it back.",
    epilog="Examples:  python -m model_deploy plan --stage staging   |   python -m model_deploy deploy --help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StageOption = Annotated[str, typer.Option(metavar="staging|production", help="Which stage.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Agree beforehand: ask nothing.")]
PackageOption = Annotated[
    str, typer.Option(metavar="ARN", help="This model package, instead of the newest approved one.")
]


def main() -> NoReturn:
    """Runs a command; an error of this package is one line on stderr, not a traceback."""
    try:
        with _in_one_line():
            app(prog_name="python -m model_deploy")
    except DeployError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


@app.command()
def plan(stage: StageOption, model_package: PackageOption = "") -> None:
    """Say what a deployment would change, and change nothing.

    \b
    python -m model_deploy plan --stage staging
    """
    from model_deploy import plan as planning
    from model_deploy.stage import open_stage, require_account

    context = open_stage(stage, PROJECT_ROOT, model_package)
    require_account(context)
    proposal = planning.propose(context)
    context.infrastructure.discard(proposal.plan)
    planning.show(proposal, context, _console())


@app.command()
def deploy(stage: StageOption, yes: YesOption = False, model_package: PackageOption = "") -> None:
    """Deploy the newest approved model: show the plan, ask, follow it to its end.

    \b
    python -m model_deploy deploy --stage staging
    python -m model_deploy deploy --stage production --yes
    """
    from model_deploy.deploy import deploy as carry_out
    from model_deploy.stage import open_stage

    carry_out(open_stage(stage, PROJECT_ROOT, model_package), _console(), yes)


@app.command()
def changed(stage: StageOption, model_package: PackageOption = "") -> None:
    """Print `true` if a deployment would do anything, else `false`.

    \b
    python -m model_deploy changed --stage staging
    """
    from model_deploy import plan as planning
    from model_deploy.stage import open_stage, require_account

    context = open_stage(stage, PROJECT_ROOT, model_package)
    require_account(context)
    proposal = planning.propose(context)
    context.infrastructure.discard(proposal.plan)
    print("false" if proposal.nothing_to_do else "true")


@app.command()
def values(stage: StageOption, model_package: PackageOption = "") -> None:
    """Print the values that templates and Terraform get, as JSON.

    \b
    python -m model_deploy values --stage staging
    """
    import json

    from model_deploy.stage import open_stage
    from model_deploy.values import all_values

    print(json.dumps(all_values(open_stage(stage, PROJECT_ROOT, model_package).deployment), indent=2))


@app.command()
def resolve(stage: StageOption = "staging", model_package: PackageOption = "") -> None:
    """Print the ARN of the model package that would be deployed, or `none`.

    \b
    python -m model_deploy resolve
    """
    from model_deploy.registry import NONE_APPROVED
    from model_deploy.stage import open_stage

    package = open_stage(stage, PROJECT_ROOT, model_package).deployment.package
    print(package.arn if package else NONE_APPROVED)


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=200)


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Loads boto3's errors only when something has gone wrong."""
    try:
        yield
    except (DeployError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("botocore.", "boto3.")):
            raise
        from model_deploy.aws import told_in_one_line

        with told_in_one_line():
            raise
