"""One stack as it is now: its state, outputs, parameters and resources."""

from __future__ import annotations

import dataclasses
from typing import Any

from model_deploy.aws import code_of, message_of

GONE = ("DELETE_COMPLETE",)
NEVER_CREATED = ("REVIEW_IN_PROGRESS",)
UNUSABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


@dataclasses.dataclass(frozen=True)
class Stack:
    name: str
    id: str
    status: str
    reason: str
    outputs: dict[str, str]
    parameters: dict[str, str]

    @property
    def exists(self) -> bool:
        """Whether it has been created; a stack whose change set only waits to be executed has not."""
        return self.status not in GONE and self.status not in NEVER_CREATED

    @property
    def first_creation_failed(self) -> bool:
        """Whether it can only be deleted."""
        return self.status in UNUSABLE

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status not in NEVER_CREATED


def find_stack(client: Any, name: str) -> Stack | None:
    """The stack of that name or id; None if there is none."""
    from botocore.exceptions import ClientError

    try:
        found = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in message_of(error):
            return None
        raise
    return _stack(found[0]) if found else None


def _stack(found: dict[str, Any]) -> Stack:
    return Stack(
        name=found["StackName"],
        id=found["StackId"],
        status=found["StackStatus"],
        reason=found.get("StackStatusReason", ""),
        outputs={output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])},
        parameters={p["ParameterKey"]: p.get("ParameterValue", "") for p in found.get("Parameters", [])},
    )


def resources(client: Any, name: str) -> list[dict[str, Any]]:
    """What the stack of that name or id owns."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return [summary for page in pages for summary in page["StackResourceSummaries"]]
