"""Stacks made on behalf of somebody else: of provisioned products, and of projects from templates in S3."""

from __future__ import annotations

import time
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")
_POLL = 0.05


def asked(operation: str, **request: Any) -> Request:
    """CloudFormation's answer. Raises ServiceError with its words."""
    try:
        return dict(getattr(context.client("cloudformation"), operation)(**request))
    except ClientError as refusal:
        error = refusal.response["Error"]
        raise ServiceError(error["Code"], error["Message"]) from refusal


def parameters(given: list[Request], previous: list[str] | None = None) -> list[Request]:
    """CloudFormation's parameters; those of `previous` that nobody gives keep their values."""
    names = {each["Key"] for each in given}
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in previous or [] if key not in names]
    values = [
        {"ParameterKey": each["Key"], "UsePreviousValue": True}
        if each.get("UsePreviousValue")
        else {"ParameterKey": each["Key"], "ParameterValue": each.get("Value", "")}
        for each in given
    ]
    return values + kept


def outputs(stack: Request) -> list[Request]:
    members = ("OutputKey", "OutputValue", "Description")
    return [{name: each[name] for name in members if each.get(name)} for each in stack.get("Outputs", [])]


def pause() -> None:
    time.sleep(_POLL)


def ended(stack_id: str) -> Request:
    """The stack, once CloudFormation has finished with it."""
    while True:
        found: Request = asked("describe_stacks", StackName=stack_id)["Stacks"][0]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        pause()


def reason(stack: Request) -> str:
    """Why the stack's last operation failed: what its first failed resources say."""
    events = asked("describe_stack_events", StackName=stack["StackId"])["StackEvents"]
    last: list[str] = []
    for event in events:
        if event["PhysicalResourceId"] == stack["StackId"] and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        ):
            break
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason"):
            last.append(f"{event['LogicalResourceId']}: {event['ResourceStatusReason']}")
    return "; ".join(reversed(last)) or stack.get("StackStatusReason", "")
