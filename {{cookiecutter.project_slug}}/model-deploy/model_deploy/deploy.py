"""Deploys a stage: plan, question, progress, outcome, and the record of it."""

from __future__ import annotations

import sys
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from model_deploy import endpoint, history, plan
from model_deploy.errors import DeployError, Interrupted, UsageError
from model_deploy.history import Record
from model_deploy.infrastructure import Event, Progress
from model_deploy.plan import ENDPOINT, Proposal
from model_deploy.progress import ConsoleProgress
from model_deploy.stage import StageContext, require_account
from model_deploy.values import module_values, values_hash
from model_deploy.words import duration


def deploy(context: StageContext, console: Console, yes: bool, command: str = "deploy") -> bool:
    """Show the plan, ask, and carry it out; whether anything was done.

    Raises:
        UsageError: nobody can be asked, and `yes` wasn't given.
        DeployError: a resource failed, or somebody else is at work.
    """
    require_account(context)
    proposal = plan.propose(context, command)
    context = proposal.context
    plan.show(proposal, context, console)
    if proposal.nothing_to_do:
        console.print("\nNothing to do.")
        return False
    try:
        agreed = confirmed(f"\nDeploy this to {context.deployment.stage}?", console, yes)
    except BaseException:
        context.infrastructure.discard(proposal.plan)
        raise
    if not agreed:
        context.infrastructure.discard(proposal.plan)
        console.print("Nothing was changed.")
        return False
    carry_out(context, proposal, console, command)
    return True


def confirmed(question: str, console: Console, yes: bool) -> bool:
    """Whether a person agrees; `yes` agrees beforehand.

    Raises:
        UsageError: there is no terminal to ask at.
    """
    if yes:
        return True
    if not (console.is_terminal and sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at, and nothing was changed; --yes agrees beforehand")
    return Confirm.ask(question, console=console, default=False)


def carry_out(context: StageContext, proposal: Proposal, console: Console, command: str) -> None:
    """Apply a plan and record how it ended.

    Raises:
        DeployError: as `Infrastructure.apply`, with the container's last words if the endpoint failed.
    """
    began, said = history.now(), list[str]()

    def keep_last_words(event: Event) -> None:
        if event.kind == ENDPOINT and not said:
            state = endpoint.describe(context.aws, context.endpoint_name)
            said.extend([state.reason] if state and state.reason else [])
            said.extend(endpoint.last_log_lines(context.aws, context.endpoint_name))

    console.print()
    try:
        with ConsoleProgress(console, lambda: _rollout(context), keep_last_words) as progress:
            if proposal.retypes:
                _retype(context, proposal, progress)
            else:
                context.infrastructure.apply(proposal.plan, progress)
    except Interrupted:
        raise
    except DeployError as error:
        if said:
            console.print("\nThe endpoint's and its container's last words:")
            for line in said:
                console.print(f"  {escape(line)}")
        _record(context, began, command, str(error))
        raise
    _record(context, began, command, "")
    took = duration((history.now() - began).total_seconds())
    package = context.deployment.package
    what = f"Version {package.version} is" if package else "The foundation is"
    console.print(f"\n[green]Done[/green] in {took}. {what} in {context.deployment.stage}.")


def _retype(context: StageContext, proposal: Proposal, progress: Progress) -> None:
    """Two updates: SageMaker refuses another instance type for a variant that is registered for autoscaling."""
    context.infrastructure.discard(proposal.plan)
    context.infrastructure.stop_autoscaling(progress)
    try:
        context.infrastructure.apply(context.infrastructure.plan(), progress)
    except DeployError as error:
        raise type(error)(f"{error}; {context.endpoint_name} doesn't scale until a deployment has succeeded") from error


def _rollout(context: StageContext) -> str:
    state = endpoint.describe(context.aws, context.endpoint_name)
    return state.rollout if state else ""


def _record(context: StageContext, began: datetime, command: str, reason: str) -> None:
    """A first deployment that failed has no data bucket to keep its record in."""
    bucket = context.infrastructure.outputs().get("DataBucket")
    if not bucket:
        return
    deployment = context.deployment
    record = Record(
        began=began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        seconds=round((history.now() - began).total_seconds(), 1),
        stage=deployment.stage,
        outcome="failed" if reason else "succeeded",
        model_package_arn=deployment.package.arn if deployment.package else "",
        challenger_arn=deployment.challenger.arn if deployment.challenger else "",
        values_hash=values_hash(module_values(deployment)),
        by=history.caller(context.aws.registry("sts")),
        git_commit=history.git_commit(context.root),
        command=command,
        reason=reason,
    )
    history.write(context.aws.stage("s3"), bucket, record)
