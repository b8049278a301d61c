"""Change sets as CloudFormation answers them where the emulator doesn't: with changes that it doesn't list."""

from __future__ import annotations

from typing import Any, cast

import pytest
from rich.console import Console

from service_catalog.publisher.aws import Aws
from service_catalog.publisher.changes import Change
from service_catalog.publisher.errors import PublishError
from service_catalog.publisher.stack_step import StackStep
from service_catalog.publisher.telling import Telling
from tests.catalog.scripted_aws import ScriptedAws

STACK = {
    "StackName": "s",
    "StackStatus": "UPDATE_COMPLETE",
    "CreationTime": "2026-11-21",
    "Parameters": [{"ParameterKey": name, "ParameterValue": "1"} for name in ("Named", "Kept", "Unnamed", "Dropped")],
}
TEMPLATE = """\
Parameters:
  Named: {Type: String}
  Kept: {Type: String}
  Unnamed: {Type: String, Default: "0"}
  New: {Type: String, Default: "0"}
Resources: {}
"""


def _step(change_set: dict[str, Any]) -> tuple[StackStep, ScriptedAws]:
    scripted = ScriptedAws(
        {
            "cloudformation.DescribeStacks": {"Stacks": [STACK]},
            "cloudformation.CreateChangeSet": {"Id": "change-1"},
            "cloudformation.DescribeChangeSet": change_set,
            "cloudformation.DescribeStackEvents": {"StackEvents": []},
            "cloudformation.ExecuteChangeSet": {},
            "cloudformation.DeleteChangeSet": {},
        }
    )
    clients = {"cloudformation": scripted.client("cloudformation")}
    aws = Aws(cast(Any, None), "111122223333", "eu-west-1", "aws", clients)
    return StackStep(aws, "s", TEMPLATE, {"Named": "2", "Kept": "2"}, "", frozenset({"Kept"})), scripted


def test_a_change_set_without_changes_of_resources_is_told_and_executed() -> None:
    step, scripted = _step({"Status": "CREATE_COMPLETE", "Changes": []})
    assert step.prepare() == [Change("modify", "outputs or parameters")]
    step.apply(Telling(Console(quiet=True)))
    assert len(scripted.asked("cloudformation.ExecuteChangeSet")) == 1


def test_a_change_set_that_changes_nothing_is_discarded() -> None:
    step, scripted = _step({"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."})
    assert step.prepare() == []
    assert len(scripted.asked("cloudformation.DeleteChangeSet")) == 1


def test_a_change_set_that_fails_otherwise_is_an_error_and_is_discarded() -> None:
    step, scripted = _step({"Status": "FAILED", "StatusReason": "No."})
    with pytest.raises(PublishError, match=r"stack s: No\."):
        step.prepare()
    assert len(scripted.asked("cloudformation.DeleteChangeSet")) == 1


def test_parameters_that_the_stack_has_and_publish_does_not_name_are_left() -> None:
    step, scripted = _step({"Status": "CREATE_COMPLETE", "Changes": []})
    step.prepare()
    (asked,) = scripted.asked("cloudformation.CreateChangeSet")
    assert asked["Parameters"] == [
        {"ParameterKey": "Named", "ParameterValue": "2"},
        {"ParameterKey": "Kept", "UsePreviousValue": True},
        {"ParameterKey": "Unnamed", "UsePreviousValue": True},
    ]
