"""What the tests of `verify-aws` have AWS answer."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from service_catalog.verify_aws.account import Account, Options
from tests.catalog.scripted_aws import Script, ScriptedAws

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/SC-1/0a1b2c3d"
IDENTITY = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:role/admin", "UserId": "A"}
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/verify-1-sc/1"


def scripted(
    script: Script, options: Options | None = None, *, keep: bool = False, **facts: str
) -> tuple[Account, ScriptedAws]:
    """An account whose clock goes on 5 s with each look; `facts` are what earlier checks made."""
    aws = ScriptedAws({"sts.GetCallerIdentity": IDENTITY, **script})
    ticks = itertools.count(0, 5)
    account = Account(
        aws.client,
        options or Options(),
        say=lambda _: None,
        sleep=lambda _: None,
        clock=lambda: float(next(ticks)),
        prefix="verify-1",
        keep=keep,
    )
    account.facts.update(facts)
    return account, aws


def stack(status: str, **more: Any) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "s", "StackId": STACK, "CreationTime": NOW, "StackStatus": status} | more]}


def failed(reason: str, resource: str) -> dict[str, Any]:
    return {
        "StackEvents": [
            {
                "StackId": STACK,
                "EventId": "1",
                "StackName": "s",
                "Timestamp": NOW,
                "LogicalResourceId": resource,
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": reason,
            }
        ]
    }


PRODUCT: Script = {
    "servicecatalog.SearchProducts": {
        "ProductViewSummaries": [{"Name": Options.product, "ProductId": "prod-1"}, {"Name": "x", "ProductId": "prod-2"}]
    },
    "sagemaker.CreateProject": {
        "ProjectArn": "arn:aws:sagemaker:eu-west-1:111122223333:project/verify-1-sc",
        "ProjectId": "p-1",
    },
    "cloudformation.DescribeStacks": stack(
        "CREATE_COMPLETE", Tags=[{"Key": "sagemaker:project-name", "Value": "verify-1-sc"}]
    ),
    "cloudformation.ListStackResources": {"StackResourceSummaries": []},
}


def project(status: str) -> dict[str, Any]:
    return {
        "ProjectArn": "arn:aws:sagemaker:eu-west-1:111122223333:project/verify-1-sc",
        "ProjectName": "verify-1-sc",
        "ProjectId": "p-1",
        "ProjectStatus": status,
        "CreationTime": NOW,
    }


def resources(*made: tuple[str, str, str], status: str = "CREATE_COMPLETE") -> dict[str, Any]:
    """A stack's resources by logical id, type and physical id."""
    return {
        "StackResourceSummaries": [
            {
                "LogicalResourceId": name,
                "ResourceType": kind,
                "PhysicalResourceId": identifier,
                "LastUpdatedTimestamp": NOW,
                "ResourceStatus": status,
            }
            for name, kind, identifier in made
        ]
    }
