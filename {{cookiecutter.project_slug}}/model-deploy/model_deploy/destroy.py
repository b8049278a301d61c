"""Removes a stage: lists what goes, asks, and keeps the data unless told otherwise by name."""

from __future__ import annotations

import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt

from model_deploy import endpoint
from model_deploy.aws import code_of
from model_deploy.cloudformation.change_sets import pauses
from model_deploy.deploy import confirmed
from model_deploy.errors import UsageError
from model_deploy.progress import ConsoleProgress
from model_deploy.stage import StageContext, require_account
from model_deploy.words import plural


def destroy(context: StageContext, console: Console, yes: bool, delete_data: bool) -> bool:
    """Remove everything of a stage; whether anything was removed.

    Raises:
        UsageError: nobody can be asked, and `yes` wasn't given.
        DeployError: something could not be removed.
    """
    require_account(context)
    infrastructure = context.infrastructure
    outputs, found = infrastructure.outputs(), infrastructure.resources()
    bucket, pipeline = outputs.get("DataBucket", ""), outputs.get("PipelineName", "")
    if not found:
        console.print(f"{context.deployment.name()} is not deployed. Nothing to do.")
        return False
    console.print(f"[bold]{context.deployment.name()}[/bold] has {plural(len(found), 'resource')}, which go:\n")
    for change in sorted(found, key=lambda change: (change.kind, change.name)):
        if change.name != bucket:
            console.print(f"  [red]-[/red] {escape(f'{change.kind} {change.name}')}")
    console.print(_fate_of_data(bucket, delete_data))
    if not _agreed(bucket, console, yes, delete_data):
        console.print("Nothing was changed.")
        return False
    if pipeline:
        _stop_executions(context.aws.stage("sagemaker"), pipeline)
    with ConsoleProgress(console) as progress:
        infrastructure.destroy(progress)
    _sweep(context, bucket, delete_data)
    console.print(f"\n[green]Done.[/green] {_kept(bucket, delete_data)}")
    return True


def empty(s3: Any, bucket: str) -> None:
    """Delete every version of every object."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in listed]
        for start in range(0, len(objects), 1000):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": objects[start : start + 1000], "Quiet": True})


def _fate_of_data(bucket: str, delete_data: bool) -> str:
    if not bucket:
        return ""
    if delete_data:
        return f"  [bold red]-[/bold red] s3 bucket {bucket}, [bold red]with all data in it[/bold red]\n"
    return f"\nThe data bucket {bucket} stays; --delete-data deletes it too.\n"


def _kept(bucket: str, delete_data: bool) -> str:
    if delete_data or not bucket:
        return "Nothing of it is left."
    return f"The data are kept in {bucket}; to delete them: aws s3 rb --force s3://{bucket}"


def _agreed(bucket: str, console: Console, yes: bool, delete_data: bool) -> bool:
    if not delete_data or not bucket or yes:
        return confirmed("Destroy this?", console, yes)
    if not (console.is_terminal and sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at, and nothing was changed; --yes agrees beforehand")
    typed = Prompt.ask("This deletes the data for good. Type the bucket's name to agree", console=console)
    return typed.strip() == bucket


def _stop_executions(client: Any, pipeline: str) -> None:
    """A pipeline can't be deleted while it runs. SageMaker, API reference, DeletePipeline."""
    page = client.list_pipeline_executions(PipelineName=pipeline, SortOrder="Descending")
    listed = page["PipelineExecutionSummaries"]
    running = [entry for entry in listed if entry["PipelineExecutionStatus"] in ("Executing", "Stopping")]
    for entry in running:
        if entry["PipelineExecutionStatus"] == "Executing":
            client.stop_pipeline_execution(PipelineExecutionArn=entry["PipelineExecutionArn"])
    for entry in running:
        _wait_until_stopped(client, entry["PipelineExecutionArn"])


def _wait_until_stopped(client: Any, arn: str) -> None:
    for pause in pauses():
        status = client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        if status not in ("Executing", "Stopping"):
            return
        time.sleep(pause)


def _sweep(context: StageContext, bucket: str, delete_data: bool) -> None:
    """What AWS made by itself: the endpoint's log group can come back after its stack has gone."""
    from botocore.exceptions import ClientError

    try:
        context.aws.stage("logs").delete_log_group(logGroupName=endpoint.log_group(context.endpoint_name))
    except ClientError as error:
        if not code_of(error).startswith("ResourceNotFound"):
            raise
    if not (delete_data and bucket):
        return
    s3 = context.aws.stage("s3")
    try:
        empty(s3, bucket)
        s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if code_of(error) not in ("NoSuchBucket", "404"):
            raise
