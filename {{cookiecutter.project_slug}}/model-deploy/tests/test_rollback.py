"""Which model a stage goes back to, and when it is not the model that has to go."""

from __future__ import annotations

from model_deploy.history import Record
from model_deploy.rollback import earlier_model, settings_changed_last
from model_deploy.values import values_hash
from tests.stages import PACKAGE_ARN


def record(version: int, values: str = "as ever", outcome: str = "succeeded") -> Record:
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
    before = record(3, "two instances")
    assert settings_changed_last([record(3, "one instance"), before, record(2)]) is before


def test_after_another_model_it_is() -> None:
    assert settings_changed_last([record(3, "new"), record(2, "old")]) is None
    assert settings_changed_last([record(3), record(3)]) is None
    assert settings_changed_last([record(3, "new"), record(4, "new", "failed"), record(2, "old")]) is None
    assert settings_changed_last([record(3)]) is None


def test_how_a_rollout_went_is_no_change_of_settings() -> None:
    values = {"instances": 2, "auto_rollback": True, "initial_instances": 0}
    assert values_hash(values) == values_hash({**values, "auto_rollback": False, "initial_instances": 4})
    assert values_hash(values) != values_hash({**values, "instances": 3})
