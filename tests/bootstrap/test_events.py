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
PACKAGE = f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/{SLUG.lower()}/3"


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
def rule(accounts: Accounts) -> dict[str, Any]:
    events = accounts.aws.client("events", accounts.tooling)
    (found,) = [
        each
        for each in events.list_rules()["Rules"]
        if re.search(r"approval", each["Name"]) and "failure" not in each["Name"]
    ]
    targets = events.list_targets_by_rule(Rule=found["Name"])["Targets"]
    return {**found, "target": targets[0]}


def test_pattern_takes_changes_of_approval_only(rule: dict[str, Any]) -> None:
    asked = {"pattern": json.loads(rule["EventPattern"]), "events": [each for each, _ in EVENTS]}
    done = run_command([PYTHON, "-c", MATCH], given=json.dumps(asked))
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == [expected for _, expected in EVENTS]


def test_target_is_told_the_version_and_keeps_what_it_could_not_deliver(rule: dict[str, Any]) -> None:
    target = rule["target"]
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"] == {"package": "$.detail.ModelPackageArn"}
    sent = json.loads(transformer["InputTemplate"].replace("<package>", json.dumps(PACKAGE)))
    (values,) = sent.values()
    assert [(each["name"].removeprefix("APPROVED_"), each["value"]) for each in values] == [
        ("MODEL_PACKAGE_ARN", PACKAGE)
    ]
    assert target["DeadLetterConfig"]["Arn"].endswith("-undelivered")
