"""How an execution in SageMaker is doing, step by step, until it ends."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from model_build.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient
    from rich.console import Console
    from rich.table import Table

RUNNING = ("Executing", "Stopping")
POLL_SECONDS = 10.0
COLOURS = {"Succeeded": "green", "Failed": "red", "Stopped": "yellow", "Stopping": "yellow", "Executing": "cyan"}


class NoExecutionError(LookupError):
    """There is nothing to show yet, or no such execution."""


@dataclasses.dataclass(frozen=True)
class StepStatus:
    """`seconds` is None for a step that hasn't started."""

    name: str
    status: str
    seconds: float | None
    note: str


@dataclasses.dataclass(frozen=True)
class Execution:
    arn: str
    name: str
    status: str
    failure: str
    steps: tuple[StepStatus, ...]

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING


def describe(name: str, settings: Settings, client: SageMakerClient, execution: str = "") -> Execution:
    """An execution by ARN or id; without one, the newest.

    Raises:
        NoExecutionError: the pipeline has never been started.
    """
    arn = _arn(settings.pipeline_name(name), execution, client)
    found = client.describe_pipeline_execution(PipelineExecutionArn=arn)
    steps = [
        step
        for page in client.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=arn, SortOrder="Ascending"
        )
        for step in page["PipelineExecutionSteps"]
    ]
    return Execution(
        arn=arn,
        name=found.get("PipelineExecutionDisplayName", arn.rpartition("/")[2]),
        status=found["PipelineExecutionStatus"],
        failure=found.get("FailureReason", ""),
        steps=tuple(_step(dict(step)) for step in steps),
    )


def status(
    name: str,
    settings: Settings,
    client: SageMakerClient,
    console: Console,
    execution: str = "",
    sleep: Callable[[float], None] = time.sleep,
) -> Execution:
    """Show an execution, by default the newest, and redraw it until it has ended.

    Raises:
        NoExecutionError: the pipeline has never been started.
    """
    from rich.live import Live

    current = describe(name, settings, client, execution)
    with Live(_table(current), console=console, refresh_per_second=4) as live:
        while current.is_running:
            sleep(POLL_SECONDS)
            current = describe(name, settings, client, current.arn)
            live.update(_table(current))
    if current.failure:
        console.print(current.failure, style="red", markup=False, highlight=False, soft_wrap=True)
    return current


def _arn(pipeline: str, execution: str, client: SageMakerClient) -> str:
    if execution.startswith("arn:"):
        return execution
    if execution:
        return f"{client.describe_pipeline(PipelineName=pipeline)['PipelineArn']}/execution/{execution}"
    newest = client.list_pipeline_executions(
        PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["PipelineExecutionSummaries"]
    if not newest:
        raise NoExecutionError(f"pipeline {pipeline} has never been started; start it with `make start`")
    return newest[0]["PipelineExecutionArn"]


def _step(step: dict[str, Any]) -> StepStatus:
    begin, end = step.get("StartTime"), step.get("EndTime")
    source = step.get("CacheHitResult", {}).get("SourcePipelineExecutionArn", "")
    cached = f"from the cache of execution {source.rpartition('/')[2]}" if source else ""
    attempts = step.get("AttemptCount", 0)
    retried = f"attempt {attempts}" if attempts > 1 else ""
    return StepStatus(
        name=step["StepName"],
        status=step["StepStatus"],
        seconds=((end or datetime.now(UTC)) - begin).total_seconds() if begin else None,
        note=" · ".join(filter(None, (step.get("FailureReason", ""), cached, retried))),
    )


def _table(execution: Execution) -> Table:
    from rich.markup import escape
    from rich.table import Table

    colour = COLOURS.get(execution.status, "white")
    table = Table(title=f"{escape(execution.name)}: [{colour}]{execution.status}[/{colour}]", title_justify="left")
    table.add_column("step")
    table.add_column("status")
    table.add_column("time", justify="right")
    table.add_column("note", overflow="fold")
    for step in execution.steps:
        colour = COLOURS.get(step.status, "white")
        spent = "" if step.seconds is None else f"{int(step.seconds) // 60}:{int(step.seconds) % 60:02d}"
        table.add_row(step.name, f"[{colour}]{step.status}[/{colour}]", spent, escape(step.note))
    return table
