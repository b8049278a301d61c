"""Records of deployments: begun, completed, and made whole after an interruption."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from model_deploy import history, ledger
from model_deploy.deploy import carry_out
from model_deploy.errors import DeployError, Interrupted
from model_deploy.history import Outcome, Record
from model_deploy.infrastructure import Change, LastChange, PartPlan, Plan, Progress
from model_deploy.plan import Proposal
from model_deploy.stage import StageContext
from tests.stages import PACKAGE_ARN, deployment_of

ONE, TWO = f"{PACKAGE_ARN}/1", f"{PACKAGE_ARN}/2"


def record(minute: int, outcome: Outcome, model: str) -> Record:
    return Record(f"2026-11-21T10:{minute:02}:00Z", 1.0, "staging", outcome, model, "", "", "me", "abc", "deploy")


class Bucket:
    """S3, as far as records need it; `refuses` is what each write is answered with."""

    def __init__(self, refuses: Exception | None = None) -> None:
        self.objects: dict[str, bytes] = {}
        self.refuses = refuses

    def put_object(self, Key: str, Body: bytes, **rest: Any) -> None:
        if self.refuses:
            raise self.refuses
        self.objects[Key] = Body

    def get_object(self, Key: str, **rest: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, operation: str) -> Bucket:
        return self

    def paginate(self, **rest: Any) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": key} for key in self.objects]}]

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::111122223333:role/me"}

    def outcomes(self) -> list[str]:
        return [json.loads(body)["outcome"] for _, body in sorted(self.objects.items())]


@dataclasses.dataclass
class Stage:
    """A stage whose change ends as `ends` says."""

    bucket: Bucket
    ends: BaseException | None = None
    model: str = ""
    change: LastChange = "done"

    def outputs(self) -> dict[str, str]:
        return {"DataBucket": "data"}

    def deployed_package(self) -> str:
        return self.model

    def last_change(self) -> LastChange:
        return self.change

    def apply(self, plan: Plan, progress: Progress) -> None:
        progress.part("endpoint")
        assert self.bucket.refuses or self.bucket.outcomes() == ["begun"], "changed before it was written down"
        if self.ends:
            raise self.ends

    def stage(self, service: str) -> Bucket:
        return self.bucket

    registry = stage


def context_of(stage: Stage) -> StageContext:
    return StageContext(deployment_of(version=2), cast(Any, stage), cast(Any, stage), Path("/nowhere"))


def deployed(stage: Stage) -> str:
    """Carry a deployment of version 2 out; what is printed."""
    written, context = io.StringIO(), context_of(stage)
    plan = Plan((PartPlan("endpoint", (Change("create", "sagemaker model", "x"),)),))
    proposal = cast(Proposal, type("Proposed", (), {"plan": plan, "retypes": False}))
    try:
        carry_out(context, proposal, Console(file=written, width=200), "deploy")
    finally:
        stage.ends = None
    return written.getvalue()


def test_a_record_is_begun_before_anything_changes_and_completed_after() -> None:
    stage = Stage(Bucket())
    assert "Done" in deployed(stage)
    assert stage.bucket.outcomes() == ["succeeded"]


def test_a_failure_is_recorded_with_its_reason() -> None:
    stage = Stage(Bucket(), DeployError("the model does not start"))
    with pytest.raises(DeployError, match="the model does not start"):
        deployed(stage)
    (kept,) = history.read(stage.bucket, "data")
    assert (kept.outcome, kept.reason) == ("failed", "the model does not start")


@pytest.mark.parametrize(
    ("runs", "outcome"), [(TWO, "succeeded"), (ONE, "failed"), ("", "failed")], ids=["runs", "undone", "nothing"]
)
def test_after_ctrl_c_the_next_command_completes_the_record_by_what_runs(runs: str, outcome: str) -> None:
    stage = Stage(Bucket(), Interrupted("CloudFormation carries on"))
    with pytest.raises(Interrupted):
        deployed(stage)
    stage.model, stage.change = runs, "under way"
    assert [found.outcome for found in ledger.settled(context_of(stage), "data")] == ["begun"]
    stage.change = "done"
    assert [found.outcome for found in ledger.settled(context_of(stage), "data")] == [outcome]
    assert stage.bucket.outcomes() == [outcome]


def test_a_record_that_cannot_be_kept_neither_fails_a_success_nor_hides_a_failure() -> None:
    from botocore.exceptions import ClientError

    refusal = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "PutObject")
    said = deployed(Stage(Bucket(refusal)))
    assert "Done" in said and "record (succeeded) can't be kept: PutObject: AccessDenied: not you" in said
    with pytest.raises(DeployError, match="the model does not start"):
        deployed(Stage(Bucket(refusal), DeployError("the model does not start")))


def test_who_may_only_read_sees_completed_records_too() -> None:
    stage = Stage(Bucket(), Interrupted("CloudFormation carries on"), TWO)
    with pytest.raises(Interrupted):
        deployed(stage)
    from botocore.exceptions import ClientError

    stage.bucket.refuses = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "PutObject")
    assert [found.outcome for found in ledger.settled(context_of(stage), "data")] == ["succeeded"]
    assert stage.bucket.outcomes() == ["begun"]


@pytest.mark.parametrize(
    ("records", "change", "outcomes"),
    [
        ([record(2, "begun", TWO), record(1, "succeeded", ONE)], "undone", ["succeeded", "succeeded"]),
        ([record(2, "begun", TWO), record(1, "succeeded", ONE)], "unknown", ["succeeded", "succeeded"]),
        ([record(2, "begun", TWO), record(1, "succeeded", TWO)], "undone", ["failed", "succeeded"]),
        ([record(2, "begun", TWO), record(1, "succeeded", TWO)], "unknown", ["failed", "succeeded"]),
        ([record(2, "begun", TWO), record(1, "succeeded", TWO)], "done", ["succeeded", "succeeded"]),
        ([record(3, "failed", ONE), record(2, "begun", TWO)], "done", ["failed", "succeeded"]),
        ([record(3, "succeeded", TWO), record(2, "begun", TWO)], "done", ["succeeded", "failed"]),
    ],
    ids=[
        "new model",
        "new model, whose change cannot tell",
        "settings undone",
        "settings, whose change cannot tell",
        "settings",
        "refused meanwhile",
        "overtaken",
    ],
)
def test_what_was_begun_ends_by_the_model_that_runs(
    records: list[Record], change: LastChange, outcomes: list[str]
) -> None:
    assert [found.outcome for found in ledger.completed(records, TWO, change)] == outcomes


def test_a_change_of_settings_that_nobody_saw_end_is_not_said_to_have_succeeded() -> None:
    records = [record(2, "begun", TWO), record(1, "succeeded", TWO)]
    found = ledger.completed(records, TWO, "unknown")[0]
    assert (found.outcome, found.reason) == ("failed", "nobody followed it to its end; unknown how it ended")
