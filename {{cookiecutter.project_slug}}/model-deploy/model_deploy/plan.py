"""A plan in words: what is deployed, what would be, how, within which quotas and at what cost."""

from __future__ import annotations

import dataclasses

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_deploy import cost, course, quotas
from model_deploy.course import Course
from model_deploy.infrastructure import Action, Change, Plan
from model_deploy.quotas import Finding
from model_deploy.rollout_time import rollout_seconds
from model_deploy.settings import Stage
from model_deploy.stage import StageContext
from model_deploy.words import duration, plural, rollout_in_words, version_of

MARKS: dict[Action, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "red"),
    "may replace": ("±", "yellow"),
    "remove": ("-", "red"),
}
MOST_CAUSES = 3
ENDPOINT = "sagemaker endpoint"


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A plan and what else a person would want to know before saying yes; `context` is what carries it out."""

    context: StageContext
    plan: Plan
    course: Course
    deployed: str
    kept: bool
    findings: tuple[Finding, ...]
    unchecked: str

    @property
    def nothing_to_do(self) -> bool:
        return not self.plan.changes

    @property
    def rolls_out(self) -> bool:
        """Whether the endpoint that runs is changed."""
        return bool(self.course.live) and rolls_out(self.plan)

    @property
    def retypes(self) -> bool:
        """Whether it takes two updates, because SageMaker refuses another instance type while autoscaling is on."""
        return self.rolls_out and bool(self.course.retyped)


def propose(context: StageContext, command: str = "deploy") -> Proposal:
    """What a deployment would do; a deployed model stays where none is approved any more."""
    deployed = context.infrastructure.deployed_package()
    kept = bool(deployed) and context.deployment.package is None
    way = course.of_stage(context, command)
    context, plan = (context, Plan(())) if kept else _planned(context, way)
    served = context.deployment.package is not None
    running = way.live.instances if way.live else 0
    findings, unchecked = quotas.check(context.deployment, context.aws, running) if served else ([], "not needed yet")
    return Proposal(context, plan, way, deployed, kept, tuple(findings), unchecked)


def rolls_out(plan: Plan) -> bool:
    """Whether an endpoint is updated, rather than made or left alone."""
    return any(change.kind == ENDPOINT and change.action not in ("create", "remove") for change in plan.changes)


def _planned(context: StageContext, way: Course) -> tuple[StageContext, Plan]:
    """Planned as the last rollout was, so that alarms and autoscaling start none; as wanted, if there is one anyway."""
    settled = context.of(way.settled)
    plan = settled.infrastructure.plan()
    if way.settled == way.wanted or not rolls_out(plan):
        return settled, plan
    settled.infrastructure.discard(plan)
    wanted = context.of(way.wanted)
    return wanted, wanted.infrastructure.plan()


def show(proposal: Proposal, context: StageContext, console: Console) -> None:
    """Print a proposal."""
    deployment, bindings = context.deployment, context.deployment.bindings
    console.print(f"[bold]{deployment.name()}[/bold]  {bindings.region}, account {bindings.account_id}\n")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, text in _facts(proposal, context):
        facts.add_row(name, escape(text))
    console.print(facts)
    for part in proposal.plan.parts:
        console.print(f"\n[bold]{part.part}[/bold]" + ("" if part.changes else "  nothing to change"))
        for change in sorted(part.changes, key=lambda change: (list(MARKS).index(change.action), change.kind)):
            console.print(_change(change))
    _show_shortages(proposal, context, console)


def summary(changes: tuple[Change, ...]) -> str:
    """`3 to create, 1 to update`."""
    counted = {action: sum(change.action == action for change in changes) for action in MARKS}
    return ", ".join(f"{count} to {action}" for action, count in counted.items() if count)


def model_in_words(proposal: Proposal, context: StageContext) -> str:
    """Which version runs, and which would."""
    package, deployed = context.deployment.package, proposal.deployed
    if context.kept:
        stays = f"version {version_of(deployed)} stays" if deployed else "none, only the foundation is deployed"
        return f"{stays}: {context.kept}"
    if package is None:
        if proposal.kept:
            return f"no approved model; version {version_of(deployed)} stays until it is replaced or destroyed"
        return "no approved model yet: only the foundation is deployed"
    if not deployed:
        return f"version {package.version}, the first to be deployed"
    if deployed == package.arn:
        return f"version {package.version}, as deployed"
    return f"version {version_of(deployed)} to {package.version}"


def _facts(proposal: Proposal, context: StageContext) -> list[tuple[str, str]]:
    deployment = context.deployment
    stage = deployment.settings.stages[deployment.stage]
    facts = [("model", model_in_words(proposal, context))]
    if deployment.challenger and stage.challenger:
        role = "gets copies of" if stage.challenger.mode == "shadow" else "answers"
        share = f"{stage.challenger.weight * 100:g} % of the requests"
        facts.append(("challenger", f"version {deployment.challenger.version} {role} {share}"))
    if deployment.package:
        facts += _rollout(proposal, stage)
    facts.append(("quotas", _quotas(proposal)))
    estimate = cost.estimate(deployment.settings, deployment.stage, cost.Prices.load())
    usd = "unknown, see `cost`" if estimate.idle_usd is None else f"about ${estimate.idle_usd:,.0f} a month while idle"
    facts.append(("cost", f"{usd} (example prices of {estimate.region}, {estimate.as_of}); see `cost`"))
    facts.append(("changes", summary(proposal.plan.changes) or "nothing to change"))
    return facts


def _rollout(proposal: Proposal, stage: Stage) -> list[tuple[str, str]]:
    way, endpoint = proposal.course, stage.endpoint
    time = f"; at most about {duration(rollout_seconds(endpoint))}" if endpoint else ""
    facts = [("rollout", rollout_in_words(stage, way.unguarded if proposal.rolls_out else "") + time)]
    if endpoint is None or way.live is None or not proposal.rolls_out:
        return facts
    begins = way.wanted.initial_instances
    if begins > endpoint.instances:
        facts.append(("capacity", f"the new model begins with {plural(begins, 'instance')}, as many as run now"))
    if proposal.retypes:
        change = f"{way.live.instance_type} to {way.retyped}"
        told = "in two updates: SageMaker refuses that while autoscaling is on, which is switched off first and on last"
        facts.append(("instance type", f"{change}, {told}"))
    return facts


def _quotas(proposal: Proposal) -> str:
    if proposal.unchecked:
        return proposal.unchecked
    short = [finding for finding in proposal.findings if finding.short]
    unread = [finding for finding in proposal.findings if finding.limit is None]
    if short:
        return f"{plural(len(short), 'quota')} too small, see below"
    listed = ", ".join(finding.need.quota for finding in unread)
    return f"enough, as far as Service Quotas lists them (not listed: {listed})" if unread else "enough"


def _show_shortages(proposal: Proposal, context: StageContext, console: Console) -> None:
    running = proposal.course.live.instances if proposal.course.live else 0
    for finding in proposal.findings:
        if finding.short and finding.limit is not None:
            need = finding.need
            others = f" and {need.others} for other endpoints" if need.others else ""
            advice = quotas.advice(finding, context.deployment, running)
            console.print(
                f"\n[yellow]quota[/yellow] {escape(need.quota)} is {finding.limit:g}; "
                f"{need.own} needed {escape(need.why)}{others}\n  {escape(advice)}"
            )


def _change(change: Change) -> str:
    mark, style = MARKS[change.action]
    shown = ", ".join(change.because[:MOST_CAUSES])
    more = f" and {len(change.because) - MOST_CAUSES} more" if len(change.because) > MOST_CAUSES else ""
    because = f" ({shown}{more})" if shown and change.action != "create" else ""
    return f"  [{style}]{mark} {change.action:11}[/{style}] {escape(f'{change.kind} {change.name}{because}')}"
