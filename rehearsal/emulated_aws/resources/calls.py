"""Calls of the services MiniStack emulates, for resource types built on them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.errors import ServiceError


def own_tags(tags: Any) -> Any:
    """Without CloudFormation's own tags, which only CloudFormation may set."""
    return [tag for tag in tags if not tag["Key"].startswith("aws:")] if isinstance(tags, list) else tags


def asked(service: str, operation: str, **request: Any) -> dict[str, Any]:
    """The answer of the operation (boto3's name of it). Raises ServiceError."""
    if "Tags" in request:
        request["Tags"] = own_tags(request["Tags"])
    try:
        return dict(getattr(context.client(service), operation)(**request))
    except ParamValidationError as fault:
        raise ServiceError("InvalidRequest", " ".join(str(fault).split())) from fault
    except ClientError as refusal:
        error = refusal.response["Error"]
        raise ServiceError(error["Code"], error["Message"]) from refusal
