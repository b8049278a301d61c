"""How the experiment is taken back: step by step, and which errors say that there is nothing to take back."""

from __future__ import annotations

from collections.abc import Callable

from botocore.exceptions import ClientError

Removal = Callable[[], object]
# By call, the codes that say it.
MISSING = {
    "DeleteAlarms": {"ResourceNotFound"},
    "DeletePipeline": {"ResourceNotFound"},
    "DeleteRepository": {"RepositoryDoesNotExistException", "RepositoryNotFoundException"},
    "DeleteRole": {"NoSuchEntity"},
    "DeleteRolePolicy": {"NoSuchEntity"},
    "DeleteRule": {"ResourceNotFoundException"},
    "DescribeKey": {"NotFoundException"},
    "DescribePipelineExecution": {"ResourceNotFound"},
    "DescribeProject": {"ResourceNotFound"},
    "GetQueueUrl": {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
    "HeadBucket": {"404", "NoSuchBucket"},
    "ListObjectVersions": {"NoSuchBucket"},
    "ListPipelineExecutions": {"ResourceNotFound"},
    "ListRolePolicies": {"NoSuchEntity"},
    "RemoveTargets": {"ResourceNotFoundException"},
    "StopPipelineExecution": {"ResourceNotFound"},
}
# These codes have many reasons: the message has to tell this one.
VALIDATION_CODES = ("ValidationError", "ValidationException")
VALIDATION = {
    "DeleteEndpointConfig": "could not find endpoint configuration",
    "DeleteModel": "could not find model",
    "DeleteModelPackageGroup": "does not exist",
    "DescribeEndpoint": "could not find endpoint",
    "DescribeProject": "does not exist",
    "DescribeStacks": "stack with id",
    "ListModelPackages": "does not exist",
}


class RemovalError(Exception):
    """Something stays; the message names every step that failed."""


def is_missing(error: Exception) -> bool:
    """Whether this call's error says that there is nothing there."""
    if not isinstance(error, ClientError):
        return False
    call, code = error.operation_name, error.response.get("Error", {}).get("Code", "")
    if code in MISSING.get(call, ()):
        return True
    message = error.response.get("Error", {}).get("Message", "").lower()
    return code in VALIDATION_CODES and call in VALIDATION and VALIDATION[call] in message


def each_of(*removals: Removal) -> None:
    """Runs every one, also after one has failed; raises RemovalError in the end, if anything stays."""
    errors = []
    for removal in removals:
        try:
            removal()
        except Exception as error:
            if not is_missing(error):
                errors.append(str(error) or type(error).__name__)
    if errors:
        raise RemovalError("; ".join(errors))
