"""What a change is told as, and which one is asked for before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from service_catalog.publisher.changes import between, of_change_set

STACK_SET = "AWS::CloudFormation::StackSet"


def _template(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Seeder": {"Type": STACK_SET, "Properties": properties}}}


def _set_of_changes(kind: str, *names: str) -> list[dict[str, Any]]:
    details = [{"Target": {"Attribute": "Properties", "Name": name}} for name in names]
    changed = {"Action": "Modify", "ResourceType": kind, "LogicalResourceId": "Seeder", "Replacement": "False"}
    return [{"Type": "Resource", "ResourceChange": {**changed, "Details": details}}]


@pytest.mark.parametrize(
    ("kind", "name", "asked"),
    [
        (STACK_SET, "StackInstancesGroup", True),
        (STACK_SET, "TemplateURL", False),
        ("AWS::SNS::Topic", "StackInstancesGroup", False),
    ],
)
def test_taking_units_out_of_a_stack_set_is_a_loss(kind: str, name: str, asked: bool) -> None:
    (change,) = of_change_set(_set_of_changes(kind, name))
    assert (change.action, change.loses) == ("modify", asked)
    assert ("delete their projects before" in change.because) is asked


def test_a_dry_run_tells_that_loss_too() -> None:
    before, after = _template(StackInstancesGroup=["ou-1", "ou-2"]), _template(StackInstancesGroup=["ou-1"])
    assert [change.loses for change in between(before, after)] == [True]
    assert [change.loses for change in between(before, before | {"Outputs": {}})] == [False]
