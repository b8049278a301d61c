"""What is deployed in a stage, and how it is doing."""

from __future__ import annotations

import urllib.parse
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from model_deploy import endpoint, ledger
from model_deploy.aws import message_of
from model_deploy.errors import NotApprovedError
from model_deploy.history import Outcome, Record
from model_deploy.registry import Kept
from model_deploy.stage import StageContext, package_to_deploy, require_account
from model_deploy.words import duration, plural, version_of

SHOWN = 8
OUTCOMES: dict[Outcome, str] = {
    "begun": "[yellow]under way[/yellow]",
    "succeeded": "[green]succeeded[/green]",
    "failed": "[red]failed[/red]",
}
STATES = {"OK": "[green]quiet[/green]", "ALARM": "[bold red]ALARM[/bold red]", "INSUFFICIENT_DATA": "no data yet"}
WORDS = {
    "latency": "answers are too slow",
    "5xx": "requests fail",
    "model": "the model fails on requests",
    "disk": "the disk fills up",
    "memory": "the memory fills up",
    "batch": "batch runs fail",
    "backlog": "requests wait for an instance",
}


def show(context: StageContext, console: Console) -> None:
    """Print state, model, alarms, last deployments and where the dashboard is.

    Raises:
        AwsError: nothing is deployed, or the credentials are of another account.
    """
    require_account(context)
    outputs = context.require_deployed()
    deployment, bindings = context.deployment, context.deployment.bindings
    console.print(f"[bold]{deployment.name()}[/bold]  {bindings.region}, account {bindings.account_id}\n")
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("model", escape(_model(context)))
    if context.serves:
        facts.add_row("endpoint", escape(_endpoint(context)))
    if context.settings.stages[deployment.stage].batch:
        facts.add_row("batch", escape(_batch(context)))
    facts.add_row("data", f"s3://{outputs['DataBucket']}")
    facts.add_row("dashboard", dashboard_url(bindings.partition, bindings.region, deployment.name()))
    console.print(facts)
    _show_alarms(context, console)
    _show_history(ledger.settled(context, outputs["DataBucket"], SHOWN), console)


def alarm_in_words(name: str, prefix: str) -> str:
    """What an alarm says when it goes off, by its name."""
    what = name.removeprefix(f"{prefix}-").lower()
    return next((words for key, words in WORDS.items() if key in what), what.replace("-", " "))


def dashboard_url(partition: str, region: str, name: str) -> str:
    """Where CloudWatch shows the stage's dashboard."""
    host = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}.get(partition, "aws.amazon.com")
    quoted = urllib.parse.quote(name)
    return f"https://{region}.console.{host}/cloudwatch/home?region={region}#dashboards/dashboard/{quoted}"


def _model(context: StageContext) -> str:
    deployed = context.infrastructure.deployed_package()
    if deployed:
        return f"version {version_of(deployed)}"
    try:
        missing = package_to_deploy(context)
    except NotApprovedError as refusal:
        return f"none is deployed; {refusal}"
    if isinstance(missing, Kept):
        return f"none is deployed; {missing.reason}"
    return f"none is deployed; version {missing.version} is approved" if missing else "none has been approved yet"


def _endpoint(context: StageContext) -> str:
    state = endpoint.describe(context.aws, context.endpoint_name)
    if state is None:
        return "not deployed"
    instances = f", {plural(state.instances, 'instance')}" if state.instances else ""
    more = state.rollout or state.reason
    return f"{context.endpoint_name} {state.status}{instances}{f': {more}' if more else ''}"


def _batch(context: StageContext) -> str:
    from botocore.exceptions import ClientError

    client, name = context.aws.stage("sagemaker"), context.deployment.name("batch")
    try:
        listed = client.list_pipeline_executions(PipelineName=name, SortOrder="Descending", MaxResults=1)
    except ClientError as error:
        return f"{name}: {message_of(error)}"
    executions = listed["PipelineExecutionSummaries"]
    if not executions:
        return f"{name} has not run yet"
    newest = executions[0]
    return f"{name} {newest['PipelineExecutionStatus'].lower()}, begun {newest['StartTime']:%Y-%m-%d %H:%M} UTC"


def _show_alarms(context: StageContext, console: Console) -> None:
    prefix = context.deployment.name()
    pages = context.aws.stage("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{prefix}-")
    alarms: list[dict[str, Any]] = [alarm for page in pages for alarm in page.get("MetricAlarms", [])]
    if not alarms:
        return
    table = Table("alarm", "state", "when it goes off", box=None, padding=(0, 2), title_justify="left")
    for alarm in sorted(alarms, key=lambda alarm: (alarm["StateValue"] != "ALARM", alarm["AlarmName"])):
        state = STATES.get(alarm["StateValue"], alarm["StateValue"])
        table.add_row(escape(alarm["AlarmName"]), state, alarm_in_words(alarm["AlarmName"], prefix))
    console.print()
    console.print(table)


def _show_history(records: list[Record], console: Console) -> None:
    if not records:
        return
    table = Table("deployed", "model", "outcome", "took", "by", "commit", box=None, padding=(0, 2))
    for record in records:
        by = record.by.replace(":", "/").rpartition("/")[2]
        what = f"{record.version}{' (rollback)' if record.command == 'rollback' else ''}"
        table.add_row(
            record.began[:16].replace("T", " "),
            what,
            OUTCOMES[record.outcome],
            duration(record.seconds) if record.seconds else "-",
            escape(by),
            record.git_commit[:12],
        )
    console.print()
    console.print(table)
