"""Concrete requests out of policy statements: for each action and resource one that meets the conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.catalog.launch_requests import ROOT_DECIDES
from tests.catalog.launch_simulator import Request
from tests.catalog.launch_templates import SLUG
from tests.infrastructure.cfn_templates import ACCOUNT

STREAMS = ("logs:CreateLogStream", "logs:GetLogEvents", "logs:PutLogEvents")
WHOLE = ("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution", "codepipeline:StartPipelineExecution")
LISTS = ("aws:TagKeys", "kms:ResourceAliases", "iam:PolicyARN")
OWN_TAGS = {f"aws:{kind}Tag/sagemaker:project-name": SLUG for kind in ("Principal", "Resource")}
OF_ACTION = {
    "codeconnections:UseConnection": {"aws:ResourceTag/sagemaker": "true"},
    "kms:CreateGrant": {"kms:GrantIsForAWSResource": "true"},
}


def as_aws_knows(request: Request) -> Request:
    """With the tags of a project's own role and things, which AWS adds to what a request says."""
    return replace(request, context={**OWN_TAGS, **OF_ACTION.get(request.action, {}), **request.context})


def instances(policy: dict[str, Any]) -> Iterator[Request]:
    """A request for each allowed action that is spelled out, on each of its resources."""
    for statement in policy["Statement"]:
        if statement["Effect"] == "Deny":
            continue
        context = _context(statement.get("Condition", {}))
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                if "*" not in action:
                    yield _request(action, _concrete(_below(resource, action)), context)


def _request(action: str, resource: str, context: dict[str, Any]) -> Request:
    account = resource.split(":")[4] if resource.count(":") >= 5 and resource.split(":")[4].isdigit() else ACCOUNT
    trusting = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action}
    if action.startswith("kms:") and resource != "*":
        return Request(action, resource, context, account, ROOT_DECIDES if account == ACCOUNT else None)
    if action == "sts:AssumeRole":
        return Request(action, resource, context, account, {"Version": "2012-10-17", "Statement": [trusting]})
    return Request(action, resource, context, account)


def _below(resource: str, action: str) -> str:
    """Streams of a log group and executions of a pipeline, for the actions on those."""
    if action in STREAMS and ":log-group:" in resource:
        return f"{resource.removesuffix(':*').rstrip('*')}:log-stream:x"
    return f"{resource}/execution/x" if "PipelineExecution" in action and action not in WHOLE else resource


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _concrete(text: str) -> str:
    if text == "*":
        return text
    return text.replace("::*:", f"::{ACCOUNT}:").replace("*", "x").replace("?", "0")


def _context(conditions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operator, tests in conditions.items():
        if operator == "Null":
            found.update({key: "x" for key, absent in tests.items() if absent == "false"})
            continue
        for key, values in tests.items():
            value = _concrete(_listed(values)[0])
            found[key] = [value] if operator.startswith("For") or key in LISTS else value
    return found
