"""The smoke test of a stage, or of a server on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_deploy.errors import DeployError, UsageError
from model_deploy.settings import Settings, StageName
from model_deploy.smoke import checks, later
from model_deploy.smoke.cases import Cases
from model_deploy.smoke.checks import Outcome
from model_deploy.smoke.targets import Endpoint, Server
from model_deploy.stage import StageContext, deployed_package

DEFAULT_P99_MS = 500


def of_server(url: str, cases: Path | None, settings: Settings, stage: StageName, calls: int, console: Console) -> None:
    """Ask a server on this machine.

    Raises:
        DeployError: what it answers is not as expected.
    """
    if cases is None:
        raise UsageError("--url needs --cases too: the smoke.json beside the model")
    alarms = settings.stages[stage].alarms
    limit = alarms.latency_p99_ms if alarms else DEFAULT_P99_MS
    _report(checks.realtime(Server(url), Cases.read(cases), calls, limit), f"Asked {url}", console)


def of_stage(context: StageContext, file: Path | None, calls: int, console: Console) -> None:
    """Ask a deployed stage the rows that were registered with its model.

    Raises:
        DeployError: nothing is deployed, or what it answers is not as expected.
    """
    outputs, package = context.require_deployed(), deployed_package(context)
    if package is None:
        console.print("No model is deployed yet: nothing to ask.")
        return
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
        outcomes += checks.realtime(target, cases, calls, stage.alarms.latency_p99_ms)
    if stage.batch:
        pipeline = outputs.get("PipelineName")
        if not pipeline:
            raise DeployError(f"{context.deployment.name('batch')} is not deployed")
        outcomes += later.batch(context.aws.stage("sagemaker"), s3, pipeline, bucket, cases)
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
