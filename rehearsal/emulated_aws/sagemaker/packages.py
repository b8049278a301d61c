"""Model packages: what moto drops, who may read them, and the event of every change.

AWS: another account reads a package by ARN when the group's policy allows it; a change sends
"SageMaker Model Package State Change" with UpdatedModelPackageFields.
Simplified: of a group policy only the principals' accounts are read, not its actions and conditions; whether the event
of a first registration carries UpdatedModelPackageFields is unverified: here it carries none.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.sagemaker.models import sagemaker_backends

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

_ARN = re.compile(r"arn:aws:sagemaker:(?P<region>[^:]+):(?P<account>\d{12}):model-package/(?P<group>[^/]+)(/\d+)?$")
_EVENT_FIELDS = (
    "ModelPackageGroupName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "CreationTime",
    "InferenceSpecification",
    "ModelMetrics",
    "MetadataProperties",
    "CustomerMetadataProperties",
    "ApprovalDescription",
)
_MEMBERS = "CustomerMetadataProperties ModelPackageDescription Domain Task SourceUri SkipModelValidation ModelCard"
_kept: Store[Request] = Store()
_policies: Store[str] = Store()


def _own(name: str) -> Request:
    answer = operations.moto("sagemaker", "DescribeModelPackage", {"ModelPackageName": name})
    return {**_kept.mine.get(answer["ModelPackageArn"], {}), **{k: v for k, v in answer.items() if v is not None}}


def _allowed(group: str, reader: str) -> bool:
    statements = json.loads(_policies.mine.get(group, '{"Statement": []}'))["Statement"]
    principals = [s["Principal"] for s in statements if s.get("Effect") == "Allow"]
    named = [p if isinstance(p, str) else p.get("AWS", []) for p in principals]
    flat = [one for each in named for one in ([each] if isinstance(each, str) else each)]
    return any(one == "*" or reader in one for one in flat)


def described(name: str) -> Request:
    """The package by name or ARN, of another account too when its group's policy lets this account read it."""
    found = _ARN.match(name)
    if found is None or found["account"] == context.account():
        return _own(name)
    reader = context.account()
    with context.acting_as(found["account"], found["region"]):
        if not _allowed(found["group"], reader):
            caller = f"User: arn:aws:iam::{reader}:root"
            message = f"{caller} is not authorized to perform: sagemaker:DescribeModelPackage on resource: {name}"
            raise ServiceError("AccessDeniedException", message)
        return _own(name)


def _send(arn: str, updated: list[str]) -> None:
    package = _own(arn)
    detail = {name: package[name] for name in _EVENT_FIELDS if package.get(name) is not None}
    detail |= {"UpdatedModelPackageFields": updated} if updated else {}
    context.send_event("aws.sagemaker", "SageMaker Model Package State Change", detail, [arn])


@operations.operation("sagemaker", "CreateModelPackageGroup")
def create_group(request: Request) -> Request:
    """Moto takes a name twice and forgets the first group."""
    name = request["ModelPackageGroupName"]
    if name in sagemaker_backends[context.account()][context.region()].model_package_groups:
        arn = context.arn("sagemaker", f"model-package-group/{name}")
        raise ServiceError("ValidationException", f"Model Package Group already exists: {arn}")
    return operations.moto("sagemaker", "CreateModelPackageGroup", request)


@operations.operation("sagemaker", "DescribeModelPackage")
def describe(request: Request) -> Request:
    return described(request["ModelPackageName"])


@operations.operation("sagemaker", "CreateModelPackage")
def create(request: Request) -> Request:
    answer = operations.moto("sagemaker", "CreateModelPackage", request)
    _kept.mine[answer["ModelPackageArn"]] = {name: request[name] for name in _MEMBERS.split() if name in request}
    _send(answer["ModelPackageArn"], [])
    return answer


@operations.operation("sagemaker", "UpdateModelPackage")
def update(request: Request) -> Request:
    before = _own(request["ModelPackageArn"])
    answer = operations.moto("sagemaker", "UpdateModelPackage", request)
    arn = answer["ModelPackageArn"]
    kept = _kept.mine.setdefault(arn, {})
    properties = kept.get("CustomerMetadataProperties", {}) | request.get("CustomerMetadataProperties", {})
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    if properties or removed:
        kept["CustomerMetadataProperties"] = {k: v for k, v in properties.items() if k not in removed}
    after = _own(arn)
    fields = ("ModelApprovalStatus", "ApprovalDescription", "CustomerMetadataProperties")
    _send(arn, [name for name in fields if before.get(name) != after.get(name)])
    return answer


@operations.operation("sagemaker", "ListModelPackages")
def list_packages(request: Request) -> Request:
    """AWS: newest first by default; moto sorts and filters on demand. Unversioned packages unless a group is named."""
    wanted = {"SortBy": "CreationTime", "SortOrder": "Ascending", **request}
    if "ModelPackageGroupName" in request:
        wanted["ModelPackageType"] = "Versioned"
    answer = operations.moto(
        "sagemaker", "ListModelPackages", {k: v for k, v in wanted.items() if k not in ("SortBy", "SortOrder")}
    )
    by = "ModelPackageVersion" if wanted["SortBy"] == "CreationTime" else "ModelPackageName"
    rows = sorted(
        answer["ModelPackageSummaryList"],
        key=lambda row: (row.get(by) or 0) if by == "ModelPackageVersion" else str(row.get(by)),
    )
    return answer | {"ModelPackageSummaryList": rows[::-1] if wanted["SortOrder"] == "Descending" else rows}


def _backend() -> Any:
    return sagemaker_backends[context.account()][context.region()]


@operations.operation("sagemaker", "DeleteModelPackage")
def delete(request: Request) -> Request:
    arn = _own(request["ModelPackageName"])["ModelPackageArn"]
    _backend().model_packages.pop(arn)
    _kept.mine.pop(arn, None)
    return {}


@operations.operation("sagemaker", "DeleteModelPackageGroup")
def delete_group(request: Request) -> Request:
    group = operations.call("sagemaker", "DescribeModelPackageGroup", request)["ModelPackageGroupName"]
    if list_packages({"ModelPackageGroupName": group})["ModelPackageSummaryList"]:
        raise ServiceError("ConflictException", f"Model package group {group} still has model packages.")
    _backend().model_package_groups.pop(group)
    _policies.mine.pop(group, None)
    return {}


@operations.operation("sagemaker", "PutModelPackageGroupPolicy")
def put_policy(request: Request) -> Request:
    group = operations.call(
        "sagemaker", "DescribeModelPackageGroup", {"ModelPackageGroupName": request["ModelPackageGroupName"]}
    )
    try:
        json.loads(request["ResourcePolicy"])["Statement"]
    except (ValueError, KeyError, TypeError) as fault:
        raise ServiceError("ValidationException", f"Invalid resource policy: {fault}") from fault
    _policies.mine[group["ModelPackageGroupName"]] = request["ResourcePolicy"]
    return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}


@operations.operation("sagemaker", "GetModelPackageGroupPolicy")
def get_policy(request: Request) -> Request:
    name = request["ModelPackageGroupName"]
    if name not in _policies.mine:
        raise ServiceError("ValidationException", f"Cannot find resource policy for: model-package-group/{name}")
    return {"ResourcePolicy": _policies.mine[name]}


@operations.operation("sagemaker", "DeleteModelPackageGroupPolicy")
def delete_policy(request: Request) -> Request:
    get_policy(request)
    del _policies.mine[request["ModelPackageGroupName"]]
    return {}
