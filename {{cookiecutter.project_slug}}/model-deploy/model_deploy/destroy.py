"""Removes a stage: lists what goes, asks, and keeps the data unless told otherwise by name."""

from __future__ import annotations

import re
import sys
import time
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt

from model_deploy import endpoint, pending
from model_deploy.aws import code_of
from model_deploy.cloudformation.change_sets import pauses
from model_deploy.deploy import confirmed
from model_deploy.errors import DeployError, UsageError
from model_deploy.progress import ConsoleProgress
from model_deploy.stage import StageContext, require_account
from model_deploy.words import plural

FORBIDDEN = ("AccessDenied", "AccessDeniedException", "403")


def destroy(context: StageContext, console: Console, yes: bool, delete_data: bool) -> bool:
    """Remove everything of a stage; whether anything was removed.

    Raises:
        UsageError: nobody can be asked, and `yes` wasn't given.
        DeployError: something could not be removed.
    """
    require_account(context)
    infrastructure, name = context.infrastructure, context.deployment.name()
    outputs, found = infrastructure.outputs(), infrastructure.resources()
    buckets = data_buckets(context.aws.stage("s3"), name, outputs.get("DataBucket", ""))
    going = buckets if delete_data else []
    if not found and not going:
        kept = f" {_kept(context, buckets)}" if buckets else ""
        console.print(f"{name} is not deployed. Nothing to do.{kept}")
        return False
    if found:
        console.print(f"[bold]{name}[/bold] has {plural(len(found), 'resource')}, which go:\n")
    else:
        console.print(f"[bold]{name}[/bold] is not deployed; its data are still there, and go:\n")
    for change in sorted(found, key=lambda change: (change.kind, change.name)):
        if change.name not in buckets:
            console.print(f"  [red]-[/red] {escape(f'{change.kind} {change.name}')}")
    console.print(_fate_of_data(buckets, delete_data))
    if not _agreed(going, console, yes):
        console.print("Nothing was changed.")
        return False
    pending.reopen(context, console)
    if pipeline := outputs.get("PipelineName"):
        _stop_executions(context.aws.stage("sagemaker"), pipeline)
    if found:
        with ConsoleProgress(console) as progress:
            infrastructure.destroy(progress)
    _sweep(context, going)
    left = [bucket for bucket in buckets if bucket not in going]
    console.print(f"\n[green]Done.[/green] {_kept(context, left)}")
    return True


def data_buckets(s3: Any, name: str, current: str) -> list[str]:
    """Data buckets of a stage: the current one, and those that were kept when it was destroyed before.

    Kept ones are known by their name and their tag `deployment`. Who may not list buckets gets the current one only.
    """
    from botocore.exceptions import ClientError

    form = re.compile(rf"{re.escape(name.lower())}-[0-9a-f]{{12}}")
    try:
        pages = s3.get_paginator("list_buckets").paginate()
        named = [bucket["Name"] for page in pages for bucket in page.get("Buckets", [])]
    except ClientError as error:
        if code_of(error) not in FORBIDDEN:
            raise
        named = []
    kept = [bucket for bucket in named if form.fullmatch(bucket) and bucket != current and _is_of(s3, bucket, name)]
    return [*([current] if current else []), *sorted(kept)]


def empty(s3: Any, bucket: str) -> None:
    """Delete every version of every object.

    Raises:
        DeployError: one can't be deleted.
    """
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in listed]
        for start in range(0, len(objects), 1000):
            batch = {"Objects": objects[start : start + 1000], "Quiet": True}
            for refused in s3.delete_objects(Bucket=bucket, Delete=batch).get("Errors", []):
                raise DeployError(f"s3://{bucket}/{refused['Key']} can't be deleted: {refused.get('Message', '')}")


def _is_of(s3: Any, bucket: str, name: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        tags = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if code_of(error) in ("NoSuchTagSet", "NoSuchBucket", *FORBIDDEN):
            return False
        raise
    return {"Key": "deployment", "Value": name} in tags


def _fate_of_data(buckets: list[str], delete_data: bool) -> str:
    if not buckets:
        return ""
    if delete_data:
        fate = "[bold red]with all data in it[/bold red]"
        return "".join(f"  [bold red]-[/bold red] s3 bucket {bucket}, {fate}\n" for bucket in buckets)
    return f"\nThe data bucket {_listed(buckets)} stays; --delete-data deletes it too.\n"


def _kept(context: StageContext, buckets: list[str]) -> str:
    if not buckets:
        return "Nothing of it is left."
    command = f"python -m model_deploy destroy --stage {context.deployment.stage} --delete-data"
    return f"The data are kept in {_listed(buckets)}; to delete them: {command}"


def _listed(buckets: list[str]) -> str:
    return " and ".join(buckets)


def _agreed(buckets: list[str], console: Console, yes: bool) -> bool:
    if not buckets or yes:
        return confirmed("Destroy this?", console, yes)
    if not (console.is_terminal and sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at, and nothing was changed; --yes agrees beforehand")
    console.print("This deletes the data for good. To agree, type the bucket's name.")
    return all(Prompt.ask(f"Delete {bucket}", console=console).strip() == bucket for bucket in buckets)


def _stop_executions(client: Any, pipeline: str) -> None:
    """A pipeline can't be deleted while it runs. SageMaker, API reference, DeletePipeline."""
    from botocore.exceptions import ClientError

    try:
        page = client.list_pipeline_executions(PipelineName=pipeline, SortOrder="Descending")
    except ClientError as error:
        if code_of(error).startswith("ResourceNotFound"):
            return
        raise
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


def _sweep(context: StageContext, buckets: list[str]) -> None:
    """What AWS made by itself: the endpoint's log group can come back after its stack has gone."""
    from botocore.exceptions import ClientError

    try:
        context.aws.stage("logs").delete_log_group(logGroupName=endpoint.log_group(context.endpoint_name))
    except ClientError as error:
        if not code_of(error).startswith("ResourceNotFound"):
            raise
    s3 = context.aws.stage("s3")
    for bucket in buckets:
        try:
            empty(s3, bucket)
            s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if code_of(error) not in ("NoSuchBucket", "404"):
                raise
