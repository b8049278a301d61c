"""Only a change of a version's approval starts a deployment."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bootstrap.accounts import SLUG, Accounts
from tests.machine import run_command

PYTHON = (
    Path(os.environ.get("REHEARSAL_VENV", Path(__file__).resolve().parents[2] / ".venv-rehearsal")) / "bin" / "python"
)
MATCH = """
import json, sys
from moto.events.models import EventPattern
asked = json.load(sys.stdin)
pattern = EventPattern.load(json.dumps(asked["pattern"]))
print(json.dumps([pattern.matches_event(event) for event in asked["events"]]))
"""
PACKAGE = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{SLUG}/3"


def event(*updated: str, status: str = "Approved", group: str = SLUG, first: bool = False) -> dict[str, Any]:
    """A registry event in the form that EventBridge documents for SageMaker."""
    detail: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "ModelPackageVersion": 3,
        "ModelPackageArn": PACKAGE,
        "ModelApprovalStatus": status,
    }
    if not first:
        detail["UpdatedModelPackageFields"] = list(updated)
    return {
        "id": "1a2b",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Model Package State Change",
        "detail": detail,
    }


EVENTS = [
    (event("ModelApprovalStatus"), True),
    (event("ModelApprovalStatus", "ApprovalDescription"), True),
    (event(first=True), True),
    (event("ApprovalDescription"), False),
    (event("CustomerMetadataProperties"), False),
    (event("ModelApprovalStatus", status="Rejected"), False),
    (event(first=True, status="PendingManualApproval"), False),
    (event("ModelApprovalStatus", group="other"), False),
    ({**event("ModelApprovalStatus"), "source": "eve"}, False),
]


@pytest.fixture
def rules(accounts: Accounts) -> list[dict[str, Any]]:
    """What starts CI: one rule of CodePipeline; of the others, one that knows of a decision and one that doesn't."""
    events = accounts.aws.client("events", accounts.tooling)
    found = [
        {**each, "target": events.list_targets_by_rule(Rule=each["Name"])["Targets"][0]}
        for each in events.list_rules()["Rules"]
        if re.search(r"approval", each["Name"]) and "failure" not in each["Name"]
    ]
    assert len(found) == (2 if any(each["Name"].endswith("-registered") for each in found) else 1)
    return found


def matching(rule: dict[str, Any]) -> list[bool]:
    asked = {"pattern": json.loads(rule["EventPattern"]), "events": [each for each, _ in EVENTS]}
    done = run_command([PYTHON, "-c", MATCH], given=json.dumps(asked))
    assert done.returncode == 0, done.stdout
    matched: list[bool] = json.loads(done.stdout.splitlines()[-1])
    return matched


def variables(rule: dict[str, Any]) -> dict[str, str]:
    """What the target is given for an event."""
    transformer = rule["target"]["InputTransformer"]
    assert transformer["InputPathsMap"] == {"package": "$.detail.ModelPackageArn"}
    (values,) = json.loads(transformer["InputTemplate"].replace("<package>", json.dumps(PACKAGE))).values()
    return {each["name"].removeprefix("APPROVED_"): each["value"] for each in values}


def test_patterns_take_changes_of_approval_only_and_each_once(rules: list[dict[str, Any]]) -> None:
    taken = [sum(each) for each in zip(*map(matching, rules), strict=True)]
    assert taken == [int(expected) for _, expected in EVENTS]


def test_targets_are_told_the_version_and_whether_its_approval_has_changed(rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        given = variables(rule)
        assert given.pop("MODEL_PACKAGE_ARN") == PACKAGE
        if len(rules) == 2:
            matched = [event for (event, _), match in zip(EVENTS, matching(rule), strict=True) if match]
            says = all("UpdatedModelPackageFields" in event["detail"] for event in matched)
            assert given == ({"DECIDED": "--decided"} if says else {})


def test_targets_keep_what_they_could_not_deliver(rules: list[dict[str, Any]]) -> None:
    assert all(rule["target"]["DeadLetterConfig"]["Arn"].endswith("-undelivered") for rule in rules)
