"""The smoke test of a stage, or of a server on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_deploy.errors import DeployError, UsageError
from model_deploy.registry import KEEP_DEPLOYED, PINNED, Kept
from model_deploy.settings import Settings, StageName
from model_deploy.smoke import checks, later
from model_deploy.smoke.cases import Cases
from model_deploy.smoke.checks import Outcome
from model_deploy.smoke.targets import Endpoint, Server
from model_deploy.stage import StageContext, deployed_package, package_to_deploy, require_account

DEFAULT_P99_MS = 500
KEPT = (
    "[yellow]note[/yellow] the recorded model is not approved any more, so each stage keeps its own: {stage} is asked "
    "with version {version}, which says nothing about another version in another stage.\n"
)


def of_server(url: str, cases: Path | None, settings: Settings, stage: StageName, calls: int, console: Console) -> None:
    """Ask a server on this machine.

    Raises:
        DeployError: what it answers is not as expected.
    """
    if cases is None:
        raise UsageError("--url needs --cases too: the smoke.json beside the model")
    alarms = settings.stages[stage].alarms
    limit = alarms.latency_p99_ms if alarms else DEFAULT_P99_MS
    outcomes = checks.realtime(Server(url), Cases.read(cases), calls, limit, settings.project.problem_type)
    _report(outcomes, f"Asked {url}", console)


def of_stage(context: StageContext, file: Path | None, calls: int, console: Console) -> None:
    """Ask a deployed stage the rows that were registered with its model.

    Raises:
        DeployError: nothing is deployed though a model is or was approved, or what it answers is not as expected.
    """
    require_account(context)
    outputs, package = context.require_deployed(), deployed_package(context)
    if package is None:
        missing = package_to_deploy(context)
        if isinstance(missing, Kept):
            raise DeployError(
                f"{context.deployment.stage} runs no model that could be asked, and gets none: {missing.reason}; "
                "approve a version, then deploy again"
            )
        if missing:
            raise DeployError(
                f"version {missing.version} is approved and none runs in {context.deployment.stage}: "
                "the deployment has failed or has not been made; see `status`"
            )
        console.print("No model is approved for this stage yet: nothing to ask.")
        return
    if os.environ.get(PINNED) == KEEP_DEPLOYED:
        console.print(KEPT.format(stage=context.deployment.stage, version=package.version), soft_wrap=True)
    cases = Cases.read(file) if file else Cases.download(context.aws.registry("s3"), package.smoke_uri)
    name, bucket = context.endpoint_name, outputs["DataBucket"]
    stage = context.settings.stages[context.deployment.stage]
    runtime, s3 = context.aws.stage("sagemaker-runtime"), context.aws.stage("s3")
    outcomes: list[Outcome] = []
    title = f"Asked {name}, version {package.version}"
    if context.settings.project.inference == "async":
        outcomes += later.asynchronous(runtime, s3, name, bucket, cases)
    elif context.serves and stage.alarms:
        shared = stage.challenger and stage.challenger.version and stage.challenger.mode == "ab"
        target = Endpoint(runtime, name, "primary" if shared else "")
        problem_type = context.settings.project.problem_type
        outcomes += checks.realtime(target, cases, calls, stage.alarms.latency_p99_ms, problem_type)
    if stage.batch:
        pipeline = outputs.get("PipelineName")
        if pipeline:
            outcomes += later.batch(context.aws.stage("sagemaker"), s3, pipeline, bucket, cases)
        else:
            outcomes.append(Outcome("batch run", False, f"{context.deployment.name('batch')} is not deployed"))
    _report(outcomes, title, console)


def _report(outcomes: Iterable[Outcome], title: str, console: Console) -> None:
    found = list(outcomes)
    table = Table("check", "outcome", "", box=None, padding=(0, 2))
    for each in found:
        table.add_row(
            each.check, "[green]passed[/green]" if each.passed else "[bold red]FAILED[/bold red]", escape(each.detail)
        )
    console.print(f"[bold]{escape(title)}[/bold]\n")
    console.print(table)
    checks.failures(found)
