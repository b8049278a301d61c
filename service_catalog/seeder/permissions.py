"""Policies of the seeder's two roles, in the least that each of them needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk

PROJECT_TAG = "sagemaker-mlops:project"


def allow(
    sid: str, actions: Sequence[str], resources: str | Sequence[str], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    listed = [resources] if isinstance(resources, str) else list(resources)
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": listed}
    return {**statement, "Condition": dict(condition)} if condition else statement


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": dict(condition)} if condition else statement)


def use_of_connections() -> list[dict[str, Any]]:
    """By both prefixes, since the one in the policy must be the one of the connection's ARN (CodeConnections guide,
    "Renamed"); tagged as AWS's own SageMaker roles insist on."""
    return [
        allow(
            f"Connections{number}",
            [f"{prefix}:UseConnection"],
            f"arn:{cdk.Aws.PARTITION}:{prefix}:*:{cdk.Aws.ACCOUNT_ID}:connection/*",
            {"StringEqualsIgnoreCase": {"aws:ResourceTag/sagemaker": "true"}},
        )
        for number, prefix in enumerate(("codeconnections", "codestar-connections"), 1)
    ]


def limits_of_connections() -> list[dict[str, Any]]:
    """The tags that say how far a connection reaches; see function/reach.py."""
    return [
        allow(
            f"Limits{number}",
            [f"{prefix}:ListTagsForResource"],
            f"arn:{cdk.Aws.PARTITION}:{prefix}:*:{cdk.Aws.ACCOUNT_ID}:connection/*",
            {"StringEqualsIgnoreCase": {"aws:ResourceTag/sagemaker": "true"}},
        )
        for number, prefix in enumerate(("codeconnections", "codestar-connections"), 1)
    ]


def pushes_to_codecommit() -> dict[str, Any]:
    """The repositories of projects, known by name and tag."""
    where = f"arn:{cdk.Aws.PARTITION}:codecommit:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}"
    return allow(
        "CodeCommit",
        ["codecommit:GitPull", "codecommit:GitPush"],
        [f"{where}:*-model-build", f"{where}:*-model-deploy"],
        {"Null": {f"aws:ResourceTag/{PROJECT_TAG}": "false"}},
    )
