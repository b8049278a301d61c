"""Runs of a project's pipelines: what goes on costing when nobody waits for it any more."""

from __future__ import annotations

import uuid
from functools import partial

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.removing import each_of

STOP_MINUTES = 15
GOING_ON = ("Executing", "Stopping")
# Kind of a step's job -> how to describe and to stop it.
JOBS = {
    "ProcessingJob": ("describe_processing_job", "stop_processing_job"),
    "TrainingJob": ("describe_training_job", "stop_training_job"),
}


def jobs(account: Account, execution: str) -> list[tuple[str, str]]:
    """Kind and name of every job that an execution's steps have started."""
    pages = (
        account.client("sagemaker")
        .get_paginator("list_pipeline_execution_steps")
        .paginate(PipelineExecutionArn=execution)
    )
    return [
        (kind, about["Arn"].rsplit("/", 1)[-1])
        for page in pages
        for step in page["PipelineExecutionSteps"]
        for kind, about in step.get("Metadata", {}).items()
        if kind in JOBS
    ]


def describe(account: Account, kind: str, name: str) -> dict[str, object]:
    return dict(getattr(account.client("sagemaker"), JOBS[kind][0])(**{f"{kind}Name": name}))


def remove_pipelines(account: Account, project: str) -> None:
    """Stops what runs, waits for its end, and deletes the project's pipelines; raises RemovalError."""
    pages = account.client("sagemaker").get_paginator("list_pipelines").paginate(PipelineNamePrefix=project)
    names = [each["PipelineName"] for page in pages for each in page["PipelineSummaries"]]
    each_of(*(partial(_remove, account, name) for name in names))


def _remove(account: Account, pipeline: str) -> None:
    runs = account.client("sagemaker")
    pages = runs.get_paginator("list_pipeline_executions").paginate(PipelineName=pipeline)
    going_on = [
        each["PipelineExecutionArn"]
        for page in pages
        for each in page["PipelineExecutionSummaries"]
        if each["PipelineExecutionStatus"] in GOING_ON
    ]
    each_of(
        *(partial(_stop, account, execution) for execution in going_on),
        partial(runs.delete_pipeline, PipelineName=pipeline, ClientRequestToken=uuid.uuid4().hex),
    )


def _stop(account: Account, execution: str) -> None:
    """Its jobs are stopped by name too: that they end with the execution is not documented."""
    runs = account.client("sagemaker")
    each_of(
        partial(runs.stop_pipeline_execution, PipelineExecutionArn=execution, ClientRequestToken=uuid.uuid4().hex),
        lambda: each_of(*(partial(_stop_job, account, kind, name) for kind, name in jobs(account, execution))),
        lambda: account.wait(f"end of {execution}", lambda: _has_ended(account, execution), STOP_MINUTES),
    )


def _stop_job(account: Account, kind: str, name: str) -> None:
    if describe(account, kind, name)[f"{kind}Status"] == "InProgress":
        getattr(account.client("sagemaker"), JOBS[kind][1])(**{f"{kind}Name": name})


def _has_ended(account: Account, execution: str) -> bool:
    found = account.client("sagemaker").describe_pipeline_execution(PipelineExecutionArn=execution)
    return found["PipelineExecutionStatus"] not in GOING_ON
