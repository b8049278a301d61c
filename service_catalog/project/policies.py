"""Statements, ARNs and roles as the project's own templates write them: by the project's name, in this account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

SLUG = "${SageMakerProjectName}"
# As in the bootstrap templates: who launches projects may make roles and policies under this path only.
IAM_PATH = "/sagemaker-mlops/"
THIS_ACCOUNT = {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
OWN_BUCKETS = {"StringEquals": {"aws:ResourceAccount": cdk.Aws.ACCOUNT_ID}}


def named(text: str) -> str:
    """`text` with `${SageMakerProjectName}` and the like filled in by CloudFormation."""
    return cdk.Fn.sub(text)


def arn(service: str, resource: str) -> str:
    """ARN of a resource of this account and region."""
    return named(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def role_arn(name: str) -> str:
    return named(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{IAM_PATH}{name}")


def bucket_arn(path: str) -> str:
    return named(f"arn:${{AWS::Partition}}:s3:::{path}")


def allow(
    sid: str, actions: Sequence[str], resources: str | Sequence[Any], condition: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": resources if isinstance(resources, str) else list(resources),
        **({"Condition": condition} if condition else {}),
    }


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def assumed_by(service: str, sources: Sequence[str] = ()) -> dict[str, Any]:
    """Trust in a service for this account only, for the resources of `sources` only where there are any."""
    condition: dict[str, Any] = dict(THIS_ACCOUNT)
    if sources:
        condition["ArnEquals"] = {"aws:SourceArn": list(sources)}
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": condition,
        }
    )


def role(
    scope: Construct, construct_id: str, name: str, trust: Mapping[str, Any], description: str, *statements: Any
) -> iam.CfnRole:
    return iam.CfnRole(
        scope,
        construct_id,
        role_name=named(name),
        path=IAM_PATH,
        description=named(description),
        assume_role_policy_document=trust,
        policies=[iam.CfnRole.PolicyProperty(policy_name="own", policy_document=document(*statements))],
    )
