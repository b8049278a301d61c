"""The contract: violations a person can read, and the columns it gives the model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from step_outputs import SETTINGS, StepOutputs

from model_build.analysis.columns import allowed_values, column_types, feature_names
from model_build.analysis.errors import DataError
from model_build.analysis.violations import find_violations, violation_table
from model_build.contract import Contract
from model_build.steps import check_contract
from model_build.steps.command import StepError


class Pets(pa.DataFrameModel):
    age: int = pa.Field(ge=0, le=30)
    kind: str = pa.Field(isin=["cat", "dog"])
    name: str = pa.Field(nullable=True)
    weight: float = pa.Field(gt=0)


GOOD = pl.DataFrame({"age": [1, 2], "kind": ["cat", "dog"], "name": ["Tom", None], "weight": [4.0, 20.0]})


def test_data_that_keep_the_contract_have_no_violations() -> None:
    assert find_violations(Pets, GOOD, "train") == []


def test_a_violation_names_column_check_rows_examples_and_what_is_accepted() -> None:
    broken = pl.DataFrame({"age": [-1, 31, -1], "kind": ["cat", None, "cow"], "name": ["a", "b", "c"]})
    found = {(v.column, v.check): v for v in find_violations(Pets, broken, "test")}
    low = found["age", ">= 0"]
    assert (low.rows, low.examples, low.accepted) == (2, ["'-1'"], "Int64, >= 0, <= 30, never empty")
    assert found["age", "<= 30"].examples == ["'31'"]
    assert found["kind", "one of 'cat', 'dog'"].examples == ["'cow'"]
    assert found["kind", "never empty"].rows == 1
    assert found["weight", "missing column"].accepted == "Float64, > 0, never empty"
    assert all(violation.split == "test" for violation in found.values())


def test_a_wrong_type_says_which() -> None:
    (found,) = find_violations(Pets, GOOD.with_columns(pl.col("age").cast(pl.Float64)), "train")
    assert (found.column, found.check, found.examples) == ("age", "type", ["Float64"])


def test_violations_are_lines_of_a_table() -> None:
    broken = GOOD.with_columns(age=pl.lit(99, pl.Int64))
    header, line = violation_table(find_violations(Pets, broken, "train")).splitlines()
    assert header.split() == ["split", "column", "check", "rows", "examples", "accepted"]
    assert line.split()[:2] == ["train", "age"]
    assert line.index("'99'") == header.index("examples")


def test_the_step_fails_with_the_table_and_leaves_the_report(steps: StepOutputs, tmp_path: Path) -> None:
    broken = StepOutputs(tmp_path)
    (broken.root / "train").mkdir()
    frame = pl.read_parquet(steps.train / "data.parquet")
    frame.drop(SETTINGS.data.label).write_parquet(broken.root / "train" / "data.parquet")
    arguments = [
        *broken.arguments(train="train", report="report"),
        *steps.arguments(validation="validation", test="test"),
    ]
    with pytest.raises(StepError, match="the data break the contract in 1 ways") as failure:
        check_contract.main(arguments)
    assert f"{SETTINGS.data.label}" in str(failure.value)
    report = broken.read("report/contract.json")
    assert report["passed"] is False
    assert report["violations"][0]["check"] == "missing column"


def test_features_are_the_contract_without_label_weight_group_and_excluded() -> None:
    data = dataclasses.replace(
        SETTINGS.data, label="kind", weight="weight", exclude=["name"], group="", sensitive="", strata=""
    )
    assert feature_names(column_types(Pets), data) == ["age"]
    with pytest.raises(DataError, match="no column is left for the model"):
        feature_names(column_types(Pets), dataclasses.replace(data, group="age"))
    with pytest.raises(DataError, match="data.exclude names 'colour'; expected a column of contract.py: age, kind"):
        feature_names(column_types(Pets), dataclasses.replace(data, exclude=["colour"]))


def test_allowed_values_keep_the_order_of_the_contract() -> None:
    assert allowed_values(Pets, "kind") == ["cat", "dog"]
    assert allowed_values(Pets, "name") is None


def test_the_projects_settings_fit_its_contract() -> None:
    features = feature_names(column_types(Contract), SETTINGS.data)
    assert SETTINGS.data.label not in features
    assert not set(SETTINGS.data.exclude) & set(features)
