"""Deployment values of an invented stage, by CloudFormation's names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "111122223333", "eu-west-1"
NAME = "census-income-production"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{NAME}-execution"
BUCKET = "data-bucket"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-notifications"
TAGS = {"cost-center": "42", "deployment": NAME, "owner": "team", "sagemaker:project-name": "census-income"}
ONLY_TERRAFORM = {"region": REGION, "tags": TAGS, "delete_data": False}


def package(version: int, account: str = ACCOUNT) -> str:
    return f"arn:aws:sagemaker:{REGION}:{account}:model-package/census-income/{version}"


VALUES: dict[str, Any] = {
    "ProjectSlug": "census-income",
    "Stage": "production",
    "KmsKeyArn": KEY,
    "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary",
    "ArtifactBucket": "artifacts",
    "ArtifactKeyArn": f"arn:aws:kms:{REGION}:444455556666:key/11111111-0000-0000-0000-000000000000",
    "ImageRepositoryArn": f"arn:aws:ecr:{REGION}:444455556666:repository/census-income-model-build",
    "RegistryAccountId": "444455556666",
    "NotificationEmail": "team@example.com",
    "MonthlyBudgetUsd": 500,
    "SubnetIds": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"],
    "SecurityGroupIds": ["sg-0a1b2c3d"],
    "ModelPackageArn": package(3),
    "VolumeKeyArn": KEY,
    "InstanceType": "ml.m5.large",
    "Instances": 2,
    "MaxInstances": 4,
    "TargetPerInstance": 400,
    "Autoscaling": True,
    "AutoRollback": True,
    "InitialInstances": 0,
    "CapturePercent": 25,
    "RolloutPolicy": "rolling",
    "RolloutStepPercent": 50,
    "RolloutWaitSeconds": 300,
    "LatencyP99Ms": 450,
    "Errors5xx": 2,
    "ErrorsModel": 3,
    "ChallengerModelPackageArn": "",
    "ChallengerMode": "shadow",
    "ChallengerWeight": 0.1,
    "PrimaryWeight": 1,
    "LogRetentionDays": 365,
    "MemoryMb": 2048,
    "MaxConcurrency": 5,
    "ProvisionedConcurrency": 2,
    "ModelDataUri": "s3://artifacts/census-income/3/model/model.tar.gz",
    "ImageUri": f"444455556666.dkr.ecr.{REGION}.amazonaws.com/census-income-model-build@sha256:{'a' * 64}",
    "BatchVolumeKeyArn": "",
    "BatchInstanceType": "ml.m5.xlarge",
    "BatchInstances": 3,
    "MaxPayloadMb": 6,
    "MaxConcurrentTransforms": 2,
    "Schedule": "cron(0 3 * * ? *)",
    "OnNewData": True,
    "MaxRuntimeSeconds": 14400,
    "JobTags": json.dumps([{"Key": key, "Value": TAGS[key]} for key in sorted(TAGS)]),
}


def variable_name(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])", "_", name).lower()


def declared_variables(folder: Path) -> set[str]:
    return {
        name
        for path in folder.glob("*.tf")
        for name in re.findall(r'^variable "(\w+)"', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }


def module_values(folder: Path, **changed: Any) -> dict[str, Any]:
    """Those of the values that the root module in `folder` declares."""
    values = {variable_name(name): value for name, value in {**VALUES, **changed}.items()} | ONLY_TERRAFORM
    declared = declared_variables(folder)
    return {name: value for name, value in values.items() if name in declared}


def parameters(template: dict[str, Any], **changed: Any) -> dict[str, str]:
    """Those of the values that a template declares, as the text that CloudFormation takes."""
    outputs = {"ExecutionRoleArn": ROLE, "DataBucket": BUCKET, "TopicArn": TOPIC}
    values = {**VALUES, **outputs, **changed}
    return {name: _text(value) for name, value in values.items() if name in template["Parameters"]}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, list) else str(value)
