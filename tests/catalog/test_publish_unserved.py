"""Accounts that a stack set could not serve are told, though its operation tolerates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from service_catalog.publisher.aws import Aws
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.settings import Organisation
from service_catalog.publisher.unserved import unserved
from tests.catalog.scripted_aws import Answer, ScriptedAws, error

OURS = Organisation("Us", "", "o-0123456789", ("ou-abcd-11111111",), True, "")
LISTED = "cloudformation.ListStackInstances"


def _instance(account: str, status: str, **more: str) -> dict[str, Any]:
    return {"Account": account, "Region": "eu-west-1", "StackInstanceStatus": {"DetailedStatus": status}, **more}


def _aws(answer: Any) -> tuple[Aws, ScriptedAws]:
    scripted = ScriptedAws({LISTED: answer})
    clients = {"cloudformation": scripted.client("cloudformation")}
    return Aws(cast(Any, None), "111122223333", "eu-west-1", "aws", clients), scripted


def test_each_failed_stack_is_told_with_its_reason() -> None:
    def instances(request: Mapping[str, Any]) -> Answer:
        if request["StackSetName"] == "sagemaker-mlops-launch-roles":
            return error("ListStackInstances", "StackSetNotFoundException")
        failed = _instance("444455556666", "FAILED", StatusReason="Quota\nexceeded")
        return {"Summaries": [_instance("222233334444", "SUCCEEDED"), _instance("1" * 12, "RUNNING"), failed]}

    aws, scripted = _aws(instances)
    assert [*unserved(aws, OURS)] == [
        "sagemaker-mlops-seeder in account 444455556666, eu-west-1: FAILED: Quota exceeded"
    ]
    assert {request["CallAs"] for request in scripted.asked(LISTED)} == {"DELEGATED_ADMIN"}


def test_without_units_nothing_is_asked() -> None:
    aws, scripted = _aws(error("ListStackInstances", "AccessDenied"))
    assert [*unserved(aws, Organisation("Us", "", "", (), False, ""))] == [] == scripted.calls


def test_another_error_is_told_in_one_line() -> None:
    aws, _ = _aws(error("ListStackInstances", "AccessDenied"))
    with pytest.raises(PublishError, match="ListStackInstances: AccessDenied"):
        list(unserved(aws, OURS))
