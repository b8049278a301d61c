"""Brings a compiled pipeline to SageMaker and starts it there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_build.local.parameters import Parameter, ParameterError, parse_given, resolve_parameters
from model_build.pipelines.bindings import Bindings
from model_build.pipelines.compile import load_definition
from model_build.pipelines.executions import Execution, describe, status
from model_build.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker.client import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TagTypeDef

__all__ = [
    "AwsError",
    "Execution",
    "NoDataError",
    "describe",
    "on_ci",
    "run_in_aws",
    "s3_client",
    "sagemaker_client",
    "start",
    "status",
    "upsert",
]

COMMIT_VARIABLES = ("GITHUB_SHA", "CI_COMMIT_SHA", "CODEBUILD_RESOLVED_SOURCE_VERSION")


CI_VARIABLES = ("CI", "CODEBUILD_BUILD_ID")


class AwsError(RuntimeError):
    """What AWS refused, in one line."""


class NoDataError(ParameterError):
    """There is nothing to train with."""


def on_ci(environ: Mapping[str, str] = os.environ) -> bool:
    """GitHub and GitLab set `CI`; CodeBuild names its build."""
    return any(environ.get(name, "false") != "false" for name in CI_VARIABLES)


def sagemaker_client(bindings: Bindings) -> SageMakerClient:
    """SageMaker in the region of the bindings."""
    import boto3

    return boto3.Session(region_name=bindings.region).client("sagemaker")


def s3_client(bindings: Bindings) -> S3Client:
    """S3 in the region of the bindings."""
    import boto3

    return boto3.Session(region_name=bindings.region).client("s3")


def run_in_aws(action: Any) -> Any:
    """What `action()` returns.

    Raises:
        AwsError: AWS can't be reached or refuses.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return action()
    except ClientError as error:
        details = error.response.get("Error", {})
        raise AwsError(f"{error.operation_name}: {details.get('Code')}: {details.get('Message')}") from error
    except BotoCoreError as error:
        raise AwsError(str(error)) from error


def upsert(name: str, settings: Settings, bindings: Bindings, definition: Path, client: SageMakerClient) -> str:
    """Create or update a pipeline from its compiled definition, and the group its models go to; the pipeline's ARN.

    Raises:
        BindingsError: the image is not given by digest.
    """
    bindings.require_pinned_image()
    tags = _tags(settings, bindings)
    _upsert_group(settings, bindings, tags, client)
    pipeline = settings.pipeline_name(name)
    body = json.dumps(load_definition(definition), separators=(",", ":"))
    description = settings.project.description or settings.project.name
    try:
        arn = client.update_pipeline(
            PipelineName=pipeline,
            PipelineDefinition=body,
            PipelineDescription=description,
            RoleArn=bindings.execution_role_arn,
        )["PipelineArn"]
    except client.exceptions.ClientError as error:
        if not _is_missing(error):
            raise
        return client.create_pipeline(
            PipelineName=pipeline,
            PipelineDefinition=body,
            PipelineDescription=description,
            RoleArn=bindings.execution_role_arn,
            ClientRequestToken=uuid.uuid4().hex,
            Tags=tags,
        )["PipelineArn"]
    client.add_tags(ResourceArn=arn, Tags=tags)
    return arn


def start(
    name: str,
    settings: Settings,
    bindings: Bindings,
    definition: Path,
    given: Mapping[str, str],
    root: Path,
    client: SageMakerClient,
    s3: S3Client,
) -> str:
    """Start an execution and return its ARN.

    `GitCommit` and `DataVersion` are filled in unless given, `InputData` becomes a folder by its `/` at the end.

    Raises:
        NoDataError: there are no data.
        ParameterError: a given parameter is unknown or not accepted by the definition.
    """
    parameters = {
        entry["Name"]: Parameter(
            entry["Name"], entry["Type"], entry.get("DefaultValue"), tuple(entry.get("EnumValues", ()))
        )
        for entry in load_definition(definition)["Parameters"]
    }
    parse_given(parameters, given)
    filled = dict(given)
    if "InputData" in given:
        filled["InputData"] = data_folder(given["InputData"])
    if "GitCommit" in parameters:
        filled.setdefault("GitCommit", git_commit(root))
    if "DataVersion" in parameters and "DataVersion" not in given:
        filled["DataVersion"] = data_version(filled.get("InputData", parameters["InputData"].default), s3)
    resolve_parameters(parameters, filled)
    commit = re.sub(r"[^a-zA-Z0-9]", "", filled.get("GitCommit", ""))[:12] or "unknown"
    return client.start_pipeline_execution(
        PipelineName=settings.pipeline_name(name),
        PipelineExecutionDisplayName=f"commit-{commit}",
        PipelineParameters=[{"Name": key, "Value": value} for key, value in sorted(filled.items())],
        ClientRequestToken=uuid.uuid4().hex,
    )["PipelineExecutionArn"]


def git_commit(root: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Commit of the project at `root`, `-dirty` when files differ from it; else what CI says; else "unknown"."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        return described.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return next((environ[name] for name in COMMIT_VARIABLES if environ.get(name)), "unknown")


def data_folder(uri: str) -> str:
    """`uri` with a `/` at its end: a job gets all objects whose names begin with it, those of `data-old/` for `data`.

    Raises:
        ParameterError: it is no S3 URI.
    """
    if not re.fullmatch(r"s3://[^/]+(/.*)?", uri):
        raise ParameterError(f"InputData = {uri!r} is not accepted; expected s3://<bucket>/<folder>/")
    return uri.rstrip("/") + "/"


def data_version(folder: str, s3: S3Client) -> str:
    """Content version of all objects under an S3 URI, from their names, sizes and ETags.

    Raises:
        NoDataError: there are none.
    """
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    digest, empty = hashlib.sha256(), True
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            empty = False
            digest.update(f"{entry['Key'].removeprefix(prefix)}\0{entry['Size']}\0{entry['ETag']}\n".encode())
    if empty:
        raise NoDataError(f"InputData = {folder!r} holds no objects; expected a folder of CSV or Parquet files")
    return digest.hexdigest()[:16]


def _upsert_group(settings: Settings, bindings: Bindings, tags: list[TagTypeDef], client: SageMakerClient) -> None:
    """A version in a group may not carry tags, so the group carries them."""
    group = settings.model_package_group
    try:
        arn = client.describe_model_package_group(ModelPackageGroupName=group)["ModelPackageGroupArn"]
    except client.exceptions.ClientError as error:
        if not _is_missing(error):
            raise
        arn = client.create_model_package_group(
            ModelPackageGroupName=group,
            ModelPackageGroupDescription=settings.project.description or settings.project.name,
            Tags=tags,
        )["ModelPackageGroupArn"]
    else:
        client.add_tags(ResourceArn=arn, Tags=tags)
    _let_consumers_in(arn, group, bindings, client)


def _let_consumers_in(arn: str, group: str, bindings: Bindings, client: SageMakerClient) -> None:
    """Gives the consumer accounts access to the group, and takes it from all others, unless it is so already.

    CI can't change who has access: a project's stack decides, and what its code pushes to main doesn't.
    """
    wanted = group_policy(arn, bindings) if bindings.consumer_account_ids else None
    found = _policy_of(group, client)
    if _said(found) == _said(wanted):
        return
    if wanted:
        client.put_model_package_group_policy(
            ModelPackageGroupName=group, ResourcePolicy=json.dumps(wanted, sort_keys=True)
        )
    else:
        client.delete_model_package_group_policy(ModelPackageGroupName=group)


def _policy_of(group: str, client: SageMakerClient) -> dict[str, Any] | None:
    try:
        text = client.get_model_package_group_policy(ModelPackageGroupName=group)["ResourcePolicy"]
    except client.exceptions.ClientError as error:
        if not _is_missing(error):
            raise
        return None
    found: dict[str, Any] = json.loads(text)
    return found


def _said(policy: Mapping[str, Any] | None) -> object:
    """What a policy says, however it is written: AWS may give an account as its root and one value without a list."""
    if not policy:
        return None
    return sorted(
        json.dumps({key: _listed(value) for key, value in statement.items()}, sort_keys=True)
        for statement in _list(policy["Statement"])
    )


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    return sorted({re.sub(r"^(\d{12})$|^arn:[^:]+:iam::(\d{12}):root$", r"\1\2", str(each)) for each in _list(value)})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def group_policy(group_arn: str, bindings: Bindings) -> dict[str, Any]:
    """Resource policy by which the consumer accounts read and deploy the versions of a group.

    Approving stays with the account that registers: who could do both would deploy what nobody else has looked at.
        AWS, "Deploy a model from a different account" in the SageMaker developer guide.
    """
    partition = group_arn.split(":")[1]
    consumers = {"AWS": [f"arn:{partition}:iam::{account}:root" for account in bindings.consumer_account_ids]}
    versions = group_arn.replace(":model-package-group/", ":model-package/", 1) + "/*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadGroup",
                "Effect": "Allow",
                "Principal": consumers,
                "Action": ["sagemaker:DescribeModelPackageGroup"],
                "Resource": group_arn,
            },
            {
                "Sid": "UseVersions",
                "Effect": "Allow",
                "Principal": consumers,
                "Action": [
                    "sagemaker:CreateModel",
                    "sagemaker:DescribeModelPackage",
                    "sagemaker:ListModelPackages",
                ],
                "Resource": versions,
            },
        ],
    }


def _tags(settings: Settings, bindings: Bindings) -> list[TagTypeDef]:
    return [{"Key": key, "Value": value} for key, value in sorted({**settings.tags, **bindings.tags}.items())]


def _is_missing(error: Any) -> bool:
    """SageMaker says ResourceNotFound for pipelines and ValidationException, with words, for groups and policies."""
    details = error.response["Error"]
    words = re.search(r"does not exist|not find|not found", details.get("Message", ""), re.IGNORECASE)
    return details["Code"].startswith("ResourceNotFound") or (details["Code"] == "ValidationException" and bool(words))
