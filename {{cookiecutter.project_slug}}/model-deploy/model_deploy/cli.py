"""The commands of this project. Each imports what it needs when it runs, so that help and errors come at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from model_deploy.errors import DeployError, Terminated
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
OnlyOwnOption = Annotated[bool, typer.Option("--only-own", help="Only what this run of CI has deployed; else fail.")]
PackageOption = Annotated[
    str, typer.Option(metavar="ARN", help="This model package, instead of the newest approved one.")
]


def main() -> NoReturn:
    """Runs a command; an error of this package is one line on stderr, not a traceback."""
    signal.signal(signal.SIGTERM, _give_up)
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
    proposal.context.infrastructure.discard(proposal.plan)
    planning.show(proposal, proposal.context, _console())


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
    proposal.context.infrastructure.discard(proposal.plan)
    print("false" if proposal.nothing_to_do else "true")


@app.command()
def pending(
    stage: StageOption,
    note: Annotated[str, typer.Option(metavar="begun|done", help="Note how far CI's deployment of this is.")] = "",
) -> None:
    """Print `true` unless CI has deployed exactly this to the stage before; asks the tooling account only.

    \b
    python -m model_deploy pending --stage production
    """
    from model_deploy.pending import Release

    print(Release(stage, PROJECT_ROOT).answer(note))


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
    """Print the ARN of the model package that would be deployed, or `none`; `keep` if the recorded one was rejected.

    \b
    python -m model_deploy resolve
    """
    from model_deploy.registry import KEEP_DEPLOYED, NONE_APPROVED
    from model_deploy.stage import open_stage

    context = open_stage(stage, PROJECT_ROOT, model_package)
    package = context.deployment.package
    if context.kept:
        print(f"Each stage keeps the model it runs: {context.kept}", file=sys.stderr)
        print(KEEP_DEPLOYED)
        return
    print(package.arn if package else NONE_APPROVED)


@app.command()
def smoke(
    stage: StageOption = "staging",
    url: Annotated[str, typer.Option(metavar="URL", help="A server on this machine instead; needs --cases.")] = "",
    cases: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A smoke.json, instead of that of the deployed model.")
    ] = None,
    calls: Annotated[int, typer.Option(min=1, max=10_000, help="Calls that the latency is measured with.")] = 100,
) -> None:
    """Ask the deployed model, and hold its answers, errors and latency to what is expected.

    \b
    python -m model_deploy smoke --stage staging
    python -m model_deploy smoke --url http://127.0.0.1:8080 --cases smoke.json
    """
    from model_deploy.settings import load_settings
    from model_deploy.smoke import run
    from model_deploy.stage import open_stage, stage_name

    if url:
        run.of_server(url, cases, load_settings(PROJECT_ROOT), stage_name(stage), calls, _console())
    else:
        run.of_stage(open_stage(stage, PROJECT_ROOT, resolve=False), cases, calls, _console())


@app.command()
def rollback(stage: StageOption, yes: YesOption = False, only_own: OnlyOwnOption = False) -> None:
    """Go back to the model that was deployed before, if it is still approved.

    \b
    python -m model_deploy rollback --stage production
    """
    from model_deploy.rollback import rollback as go_back
    from model_deploy.stage import open_stage

    go_back(open_stage(stage, PROJECT_ROOT, resolve=False), _console(), yes, only_own)


@app.command()
def status(stage: StageOption) -> None:
    """Show what is deployed, how it is doing and what was deployed before.

    \b
    python -m model_deploy status --stage production
    """
    from model_deploy import status as state
    from model_deploy.stage import open_stage

    state.show(open_stage(stage, PROJECT_ROOT, resolve=False), _console())


@app.command()
def destroy(
    stage: StageOption,
    yes: YesOption = False,
    delete_data: Annotated[bool, typer.Option("--delete-data", help="Delete the data bucket too.")] = False,
) -> None:
    """Remove everything of a stage; its data only if asked to.

    \b
    python -m model_deploy destroy --stage staging
    python -m model_deploy destroy --stage staging --delete-data
    """
    from model_deploy.destroy import destroy as remove
    from model_deploy.stage import open_stage

    remove(open_stage(stage, PROJECT_ROOT, resolve=False), _console(), yes, delete_data)


@app.command()
def cost(
    stage: StageOption = "staging",
    fetch: Annotated[bool, typer.Option("--fetch", help="Ask AWS for today's prices of the instances.")] = False,
    region: Annotated[str, typer.Option(metavar="REGION", help="Whose prices to fetch.")] = "",
) -> None:
    """Estimate what a stage costs a month, before anything is deployed.

    \b
    python -m model_deploy cost --stage production
    python -m model_deploy cost --stage production --fetch --region eu-west-1
    """
    from model_deploy import cost_report
    from model_deploy.settings import load_settings
    from model_deploy.stage import stage_name

    cost_report.show(load_settings(PROJECT_ROOT), stage_name(stage), fetch, region, _console())


@app.command(name="record-approval")
def record_approval(
    event_file: Annotated[Path | None, typer.Option(metavar="FILE", help="An event of EventBridge, as JSON.")] = None,
    model_package: Annotated[str, typer.Option(metavar="ARN", help="A model package; the registry is asked.")] = "",
    decided: Annotated[
        bool, typer.Option("--decided", help="Its approval itself has changed: an older version counts too.")
    ] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Going back to it is decided now.")] = False,
) -> None:
    """Write approved.json if a newer approval says so; print the commit's subject, or why there is nothing to do.

    \b
    python -m model_deploy record-approval --event-file event.json
    python -m model_deploy record-approval --model-package arn:aws:sagemaker:...:model-package/name/3
    """
    from model_deploy import approvals
    from model_deploy.errors import UsageError
    from model_deploy.registry import recorded_approval
    from model_deploy.settings import load_settings

    settings, recorded = load_settings(PROJECT_ROOT), recorded_approval(PROJECT_ROOT)
    if bool(event_file) == bool(model_package):
        raise UsageError("give either --event-file or --model-package")
    if event_file:
        found = approvals.of_event(approvals.read_event(event_file), settings, recorded)
    else:
        client = approvals.registry_client(model_package)
        decision: approvals.Decision = "rollback" if rollback else "approved anew" if decided else "unknown"
        found = approvals.of_package(client, model_package, settings, recorded, decision)
    if isinstance(found, approvals.Irrelevant):
        print(f"Nothing to do: {found.reason}")
        return
    approvals.record(found, PROJECT_ROOT)
    print(approvals.subject(found, settings))


def _give_up(number: int, frame: object) -> NoReturn:
    raise Terminated


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
