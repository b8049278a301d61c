"""Which model a stage goes back to, and when it is not the model that has to go."""

from __future__ import annotations

import pytest

from model_deploy.errors import DeployError, UsageError
from model_deploy.history import Record, ci_run
from model_deploy.rollback import earlier_model, require_own, settings_changed_last
from model_deploy.values import values_hash
from tests.stages import PACKAGE_ARN


def record(version: int, values: str = "as ever", outcome: str = "succeeded", run: str = "") -> Record:
    return Record(
        began="2026-11-21T12:00:00.000000Z",
        seconds=1.0,
        stage="production",
        outcome="succeeded" if outcome == "succeeded" else "failed",
        model_package_arn=f"{PACKAGE_ARN}/{version}",
        challenger_arn="",
        values_hash=values,
        by="arn",
        git_commit="0" * 40,
        command="deploy",
        run=run,
    )


def version_after(records: list[Record], deployed: int) -> str | None:
    found = earlier_model(records, f"{PACKAGE_ARN}/{deployed}")
    return found.version if found else None


def test_going_back_twice_goes_back_twice() -> None:
    runs = [record(2), record(3), record(2), record(1)]
    assert version_after([record(3), record(2), record(1)], 3) == "2"
    assert version_after(runs, 2) == "1"
    assert version_after([record(1)], 1) is None


def test_after_other_settings_with_the_same_model_it_is_not_the_model_that_has_to_go() -> None:
    newest = record(3, "one instance")
    assert settings_changed_last([newest, record(3, "two instances"), record(2)]) is newest


def test_after_another_template_with_the_same_model_it_is_not_the_model_either() -> None:
    newest = record(3)
    assert settings_changed_last([newest, record(3), record(2)]) is newest


def test_after_another_model_it_is() -> None:
    assert settings_changed_last([record(3, "new"), record(2, "old")]) is None
    assert settings_changed_last([record(3, "new"), record(4, "new", "failed"), record(2, "old")]) is None
    assert settings_changed_last([record(3)]) is None


def test_how_a_rollout_went_is_no_change_of_settings() -> None:
    values = {"instances": 2, "auto_rollback": True, "initial_instances": 0}
    assert values_hash(values) == values_hash({**values, "auto_rollback": False, "initial_instances": 4})
    assert values_hash(values) != values_hash({**values, "instances": 3})


def test_ci_takes_back_what_its_own_run_has_deployed() -> None:
    require_own([record(3, run="71/1"), record(2, run="70/1")], "71/1", "production")


@pytest.mark.parametrize(
    "records",
    [
        [],
        [record(2, run="70/1")],
        [record(2, run="71/1")],
        [record(2)],
        [record(3, run="72/1"), record(2, run="71/2")],
        [record(3, outcome="failed", run="71/2"), record(2, run="70/1")],
    ],
    ids=["nothing", "an earlier run", "an earlier attempt", "a person", "another since", "failed"],
)
def test_ci_takes_nothing_back_that_its_run_has_not_deployed(records: list[Record]) -> None:
    with pytest.raises(DeployError, match="this run has changed nothing in production, so nothing is taken back"):
        require_own(records, "71/2", "production")


def test_a_person_is_told_that_only_runs_of_ci_have_something_of_their_own() -> None:
    with pytest.raises(UsageError, match="--only-own is for runs of CI"):
        require_own([record(3)], "", "production")


def test_each_attempt_at_a_run_of_ci_is_told_apart() -> None:
    assert ci_run({"GITHUB_RUN_ID": "71", "GITHUB_RUN_ATTEMPT": "2"}) == "71/2"
    assert ci_run({"CI_JOB_ID": "8"}) == "8"
    assert ci_run({}) == ""
