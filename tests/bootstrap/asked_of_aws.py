"""Calls as IAM sees them: an action on a resource in a context, by the Service Authorization Reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bootstrap.service_requests import Call

ACCOUNT, REGION, SLUG, STAGE = "111122223333", "eu-west-1", "census-income", "staging"
OWN = f"{SLUG}-{STAGE}"
PREFIXES = {"sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
FREE = {"sts:GetCallerIdentity"}  # asks for no permission (STS API reference)

# Operations whose action in IAM is named otherwise.
ACTIONS = {
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetBucketLifecycle": "s3:GetLifecycleConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:PutBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    **dict.fromkeys(
        (
            *("budgets:CreateBudget", "budgets:UpdateBudget", "budgets:DeleteBudget", "budgets:CreateNotification"),
            *("budgets:DeleteNotification", "budgets:CreateSubscriber", "budgets:DeleteSubscriber"),
        ),
        "budgets:ModifyBudget",
    ),
    **dict.fromkeys(
        (
            "budgets:DescribeBudget",
            "budgets:DescribeNotificationsForBudget",
            "budgets:DescribeSubscribersForNotification",
        ),
        "budgets:ViewBudget",
    ),
}
# Members that name what an operation is about; a value that is an ARN already stays as it is.
RESOURCES = {
    "cloudformation": {"StackName": "stack/{}/1a2b"},
    "cloudwatch": {"AlarmName": "alarm:{}", "AlarmNames.member.1": "alarm:{}", "ResourceARN": "{}"},
    "events": {"Name": "rule/{}", "Rule": "rule/{}", "ResourceARN": "{}"},
    "iam": {"RoleName": "role/{}"},
    "kms": {"KeyId": "key/{}"},
    "logs": {"logGroupName": "log-group:{}", "resourceArn": "{}"},
    "sagemaker": {
        "EndpointName": "endpoint/{}",
        "EndpointConfigName": "endpoint-config/{}",
        "ModelName": "model/{}",
        "ModelPackageGroupName": "model-package-group/{}",
        "ModelPackageName": "{}",
        "PipelineName": "pipeline/{}",
        "PipelineExecutionArn": "{}",
        "ResourceArn": "{}",
    },
    "scheduler": {"Name": "schedule/default/{}"},
    "sns": {"TopicArn": "{}", "Name": "{}", "ResourceArn": "{}"},
    "sqs": {"QueueName": "{}"},
    "sts": {"RoleArn": "{}"},
    "application-autoscaling": {"ResourceARN": "{}"},
}
WITHOUT_RESOURCE = {"sagemaker:ListModelPackages", "logs:DescribeLogGroups"}
RANDOM = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"(?<=staging-)[0-9a-f]{12}(?![0-9a-f])"), "0123456789ab"),
    (re.compile(r"\d{4}-?\d\d-?\d\dT[0-9:.-]+Z?"), "20261101T000000Z"),
    (re.compile(r"(?<=model-package/)(.+/)\d+"), r"\g<1>1"),
    (re.compile(r"(?<=-model-)[a-z0-9]+$|(?<=-endpointconfig-)[a-z0-9]+$", re.IGNORECASE), "1a2b3c4d"),
    (re.compile(r"(?<=[-/])[0-9a-f]{32}"), "0" * 32),
    (re.compile(r"(?<=-staging-)\d{26}$|(?<=-staging-)[0-9a-f]{8}$|(?<=-batch-)[0-9a-f]{8}$"), "1a2b3c4d"),
    (re.compile(r"(?<=scalable-target/)\w+"), "1a2b"),
)


@dataclass(frozen=True, order=True)
class Asked:
    """`role` is `deploy` or `ci`; `context` holds pairs of a condition key and its value."""

    role: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


def asked(call: Call) -> Iterator[Asked]:
    """What a call asks of IAM, with the random parts of names made the same each time."""
    role = {f"{OWN}-deploy": "deploy", f"{SLUG}-deploy-ci": "ci"}.get(call.role)
    service = PREFIXES.get(call.service, call.service)
    action = f"{service}:{call.operation}"
    if role is None or action in FREE:
        return
    context = tuple(_context(service, call))
    for name in _actions(action, call):
        for resource in _resources(service, action, call):
            yield Asked(role, name, _same(resource), context)
    for passed in _roles(call.members):
        yield Asked(role, "iam:PassRole", passed, (("iam:PassedToService", f"{service}.amazonaws.com"),))


def _actions(action: str, call: Call) -> Iterator[str]:
    if action == "s3:DeleteObjects" or (action == "s3:DeleteObject" and "VersionId" in call.members):
        yield "s3:DeleteObjectVersion"
    elif action == "s3:GetObject" and "VersionId" in call.members:
        yield "s3:GetObjectVersion"
    else:
        yield ACTIONS.get(action, action)


def _resources(service: str, action: str, call: Call) -> Iterator[str]:
    members = call.members
    if service == "s3" and "Bucket" in members:
        object_ = members.get("Key") or ("*" if call.operation == "DeleteObjects" else "")
        yield f"arn:aws:s3:::{members['Bucket']}" + (f"/{object_}" if object_ else "")
        return
    if service == "budgets":
        name = members.get("BudgetName") or members.get("Budget", {}).get("BudgetName")
        yield members.get("ResourceARN") or f"arn:aws:budgets::{ACCOUNT}:budget/{name}"
        return
    if "QueueUrl" in members:
        yield _arn(service, members["QueueUrl"].rpartition("/")[2])
        return
    if service == "cloudwatch" and (name := members.get("DashboardName") or members.get("DashboardNames.member.1")):
        yield f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/{name}"
        return
    known = {} if action in WITHOUT_RESOURCE else RESOURCES.get(service, {})
    found = [_arn(service, form.format(members[name])) for name, form in known.items() if name in members]
    scalable = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/1a2b"
    changes = service == "application-autoscaling" and not call.operation.startswith("Describe")
    yield from found or [scalable if changes else "*"]


def _arn(service: str, rest: str) -> str:
    if "arn:" in rest:
        given = rest[rest.index("arn:") :]
        return given.removesuffix("/1a2b") if service == "cloudformation" else given
    region = "" if service == "iam" else REGION
    lower = rest.lower() if service == "sagemaker" else rest
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{lower}"


def _context(service: str, call: Call) -> Iterator[tuple[str, str]]:
    tags = call.members.get("Tags")
    if service == "sagemaker" and isinstance(tags, list):
        yield from ((f"aws:RequestTag/{tag['Key']}", tag["Value"]) for tag in tags if tag["Key"] == "deployment")
    if boundary := call.members.get("PermissionsBoundary"):
        yield "iam:PermissionsBoundary", boundary


def _roles(members: Any) -> Iterator[str]:
    if isinstance(members, list):
        for each in members:
            yield from _roles(each)
    elif isinstance(members, dict):
        for name, value in members.items():
            if name in ("RoleArn", "ExecutionRoleArn") and ":role/" in str(value) and "deploy" not in str(value):
                yield value
            else:
                yield from _roles(value)


def _same(resource: str) -> str:
    for pattern, stand_in in RANDOM:
        resource = pattern.sub(stand_in, resource)
    return resource
