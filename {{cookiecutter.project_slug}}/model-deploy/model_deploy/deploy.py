"""Deploys a stage: plan, question, progress, outcome, and the record of it."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape
from rich.prompt import Confirm

from model_deploy import endpoint, history, ledger, pending, plan
from model_deploy.aws import told_in_one_line
from model_deploy.errors import DeployError, Interrupted, UsageError
from model_deploy.infrastructure import Event, Progress
from model_deploy.plan import ENDPOINT, Proposal
from model_deploy.progress import ConsoleProgress
from model_deploy.stage import StageContext, require_account
from model_deploy.words import duration


def deploy(context: StageContext, console: Console, yes: bool, command: str = "deploy") -> bool:
    """Show the plan, ask, and carry it out; whether anything was done.

    Raises:
        UsageError: nobody can be asked, and `yes` wasn't given.
        DeployError: a resource failed, or somebody else is at work.
    """
    require_account(context)
    _complete_records(context)
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
    """Apply a plan and record how it ended; after Ctrl-C, the next command completes the record.

    Raises:
        DeployError: as `Infrastructure.apply`, with the container's last words if the endpoint failed.
    """
    pending.reopen(context, console)
    began, said = history.now(), list[str]()
    entry = ledger.Entry(context, console, command)

    def keep_last_words(event: Event) -> None:
        if event.kind == ENDPOINT and not said:
            said.extend(_last_words(context))

    console.print()
    try:
        with ConsoleProgress(console, lambda: _rollout(context), keep_last_words, entry.begin) as progress:
            if proposal.retypes:
                _retype(context, proposal, progress)
            else:
                context.infrastructure.apply(proposal.plan, progress)
    except Interrupted:
        entry.begin()
        raise
    except DeployError as error:
        if said:
            console.print("\nThe endpoint's and its container's last words:")
            for line in said:
                console.print(f"  {escape(line)}")
        entry.end(str(error))
        raise
    entry.end()
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
    """What is only shown may be missing: it is no reason to stop following a deployment."""
    try:
        with told_in_one_line():
            state = endpoint.describe(context.aws, context.endpoint_name)
    except DeployError:
        return ""
    return state.rollout if state else ""


def _last_words(context: StageContext) -> list[str]:
    try:
        with told_in_one_line():
            state = endpoint.describe(context.aws, context.endpoint_name)
            said = [state.reason] if state and state.reason else []
            return said + endpoint.last_log_lines(context.aws, context.endpoint_name)
    except DeployError as error:
        return [f"they can't be read: {error}"]


def _complete_records(context: StageContext) -> None:
    bucket = context.infrastructure.outputs().get("DataBucket")
    if bucket:
        ledger.settled(context, bucket, ledger.LOOKED_AT)
