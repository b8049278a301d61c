"""Which approvals are recorded: each new decision once, and no other edit of a package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from model_deploy import approvals
from model_deploy.approvals import Approval, Irrelevant
from model_deploy.registry import recorded_approval
from tests.stages import PACKAGE_ARN, settings_of

SETTINGS = settings_of("realtime", ci="github")
RECORDED: dict[str, Any] = {
    "model_package_arn": f"{PACKAGE_ARN}/3",
    "model_package_version": 3,
    "approved_at": "2026-11-21T12:00:00Z",
    "event_id": "third",
}
DECIDED = ["ModelApprovalStatus"]


def event(version: int, time: str, fields: list[str] | None = None, identity: str = "new") -> dict[str, Any]:
    detail: dict[str, Any] = {
        "ModelPackageGroupName": "census-income",
        "ModelPackageArn": f"{PACKAGE_ARN}/{version}",
        "ModelApprovalStatus": "Approved",
    }
    if fields is not None:
        detail["UpdatedModelPackageFields"] = fields
    return {"detail-type": approvals.DETAIL_TYPE, "id": identity, "time": time, "detail": detail}


class Registry:
    """Answers DescribeModelPackage with an approved package that was changed at noon plus `minutes`."""

    def __init__(self, minutes: int) -> None:
        self.changed = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(minutes=minutes)

    def describe_model_package(self, **_: str) -> dict[str, Any]:
        return {"ModelApprovalStatus": "Approved", "LastModifiedTime": self.changed, "CreationTime": self.changed}


@pytest.mark.parametrize("fields", [None, []])
@pytest.mark.parametrize(("version", "counts"), [(2, False), (3, False), (4, True)])
def test_an_event_that_does_not_say_what_changed_counts_only_for_a_newer_version(
    version: int, counts: bool, fields: list[str] | None
) -> None:
    found = approvals.of_event(event(version, "2026-11-21T13:00:00Z", fields), SETTINGS, RECORDED)
    assert isinstance(found, Approval if counts else Irrelevant)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_later_decision_counts_whatever_its_version(version: int) -> None:
    later = event(version, "2026-11-21T13:00:00Z", DECIDED)
    assert isinstance(approvals.of_event(later, SETTINGS, RECORDED), Approval)


@pytest.mark.parametrize(("version", "time"), [(2, "12:00:00"), (3, "12:00:00"), (2, "11:59:59"), (4, "11:59:59")])
def test_an_earlier_decision_that_arrives_late_does_not_count(version: int, time: str) -> None:
    late = event(version, f"2026-11-21T{time}Z", DECIDED)
    assert isinstance(approvals.of_event(late, SETTINGS, RECORDED), Irrelevant)


def test_of_two_approvals_in_one_second_the_second_is_not_lost() -> None:
    same = event(4, RECORDED["approved_at"], DECIDED)
    assert isinstance(approvals.of_event(same, SETTINGS, RECORDED), Approval)
    registry = Registry(0)
    registry.changed += timedelta(milliseconds=2)
    asked = approvals.of_package(registry, f"{PACKAGE_ARN}/2", SETTINGS, RECORDED, "approved anew")
    assert isinstance(asked, Approval) and asked.approved_at == "2026-11-21T12:00:00.002000Z"
    late = event(3, RECORDED["approved_at"], DECIDED)
    recorded = {"model_package_arn": asked.arn, "approved_at": asked.approved_at, "event_id": ""}
    assert isinstance(approvals.of_event(late, SETTINGS, recorded), Irrelevant)


def test_a_version_that_was_rejected_and_approved_again_is_recorded_with_its_new_time() -> None:
    again = approvals.of_event(event(3, "2026-11-21T12:30:00Z", DECIDED), SETTINGS, RECORDED)
    assert isinstance(again, Approval) and again.approved_at == "2026-11-21T12:30:00Z"
    asked = approvals.of_package(Registry(30), f"{PACKAGE_ARN}/3", SETTINGS, RECORDED)
    assert isinstance(asked, Approval) and asked.approved_at == "2026-11-21T12:30:00Z"


def test_an_event_that_is_delivered_again_changes_nothing() -> None:
    again = event(3, "2026-11-21T12:30:00Z", DECIDED, identity="third")
    assert approvals.of_event(again, SETTINGS, RECORDED) == Irrelevant("this event was recorded before")
    assert isinstance(approvals.of_package(Registry(0), f"{PACKAGE_ARN}/3", SETTINGS, RECORDED), Irrelevant)


@pytest.mark.parametrize(("decision", "expected"), [("unknown", Irrelevant), ("approved anew", Approval)])
def test_the_registry_alone_cannot_make_an_older_version_the_newest_decision(
    decision: approvals.Decision, expected: type
) -> None:
    found = approvals.of_package(Registry(30), f"{PACKAGE_ARN}/2", SETTINGS, RECORDED, decision)
    assert isinstance(found, expected)


def test_going_back_is_decided_now_and_an_event_of_before_does_not_undo_it(tmp_path: Path) -> None:
    back = approvals.of_package(Registry(-30), f"{PACKAGE_ARN}/2", SETTINGS, RECORDED, "rollback")
    assert isinstance(back, Approval)
    approvals.record(back, tmp_path)
    recorded = recorded_approval(tmp_path)
    assert recorded["model_package_version"] == 2 and recorded["approved_at"] > RECORDED["approved_at"]
    again = approvals.of_event(event(3, RECORDED["approved_at"], DECIDED, "third"), SETTINGS, recorded)
    assert isinstance(again, Irrelevant)
    assert isinstance(approvals.of_package(Registry(0), f"{PACKAGE_ARN}/3", SETTINGS, recorded), Irrelevant)


@pytest.mark.parametrize("fields", [None, DECIDED])
def test_the_first_approval_is_recorded(fields: list[str] | None) -> None:
    assert isinstance(approvals.of_event(event(1, "2026-11-21T13:00:00Z", fields), SETTINGS, {}), Approval)
