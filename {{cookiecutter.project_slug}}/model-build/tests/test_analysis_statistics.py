"""Statistics and constraints in Model Monitor's format, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from step_outputs import StepOutputs

from model_build.analysis.statistics import describe, suggest_constraints

TABLE = pl.DataFrame(
    {"count": [1, 2, 3, None, 4], "price": [-1.5, 0.0, float("nan"), 2.5, 3.0], "city": ["b", "a", "b", None, "b"]}
)


def test_numbers_are_described() -> None:
    count, price, _ = describe(TABLE)["features"]
    assert (count["inferred_type"], price["inferred_type"]) == ("Integral", "Fractional")
    numbers = count["numerical_statistics"]
    assert numbers["common"] == {"num_present": 4.0, "num_missing": 1.0}
    assert (numbers["mean"], numbers["sum"], numbers["min"], numbers["max"]) == (2.5, 10.0, 1.0, 4.0)
    assert numbers["std_dev"] == pytest.approx(1.25**0.5)
    assert price["numerical_statistics"]["common"] == {"num_present": 4.0, "num_missing": 1.0}
    kll = numbers["distribution"]["kll"]
    assert [bucket["count"] for bucket in kll["buckets"]] == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert (kll["buckets"][0]["lower_bound"], kll["buckets"][9]["upper_bound"]) == (1.0, 4.0)
    assert kll["sketch"] == {"parameters": {"c": 0.64, "k": 2048.0}, "data": [[1.0, 2.0, 3.0, 4.0]]}


def test_text_is_described() -> None:
    text = describe(TABLE)["features"][2]["string_statistics"]
    assert text["common"] == {"num_present": 4.0, "num_missing": 1.0}
    assert text["distinct_count"] == 2.0
    assert text["distribution"]["categorical"]["buckets"] == [
        {"value": "b", "count": 3.0},
        {"value": "a", "count": 1.0},
    ]


def test_constraints_are_what_the_data_fulfil() -> None:
    content = suggest_constraints(describe(TABLE))
    assert content["features"] == [
        {
            "name": "count",
            "inferred_type": "Integral",
            "completeness": 0.8,
            "num_constraints": {"is_non_negative": True},
        },
        {
            "name": "price",
            "inferred_type": "Fractional",
            "completeness": 0.8,
            "num_constraints": {"is_non_negative": False},
        },
        {
            "name": "city",
            "inferred_type": "String",
            "completeness": 0.8,
            "string_constraints": {"domains": ["a", "b"]},
        },
    ]
    assert content["monitoring_config"]["datatype_check_threshold"] == 1.0


def test_a_column_without_values_is_unknown() -> None:
    feature = describe(pl.DataFrame({"x": [None, None]}, schema={"x": pl.Float64}))["features"][0]
    assert feature["inferred_type"] == "Unknown"
    assert suggest_constraints({"features": [feature]})["features"][0]["completeness"] == 0.0


def test_many_categories_are_counted_not_listed() -> None:
    text = describe(pl.DataFrame({"id": [f"id{i}" for i in range(200)]}))["features"][0]["string_statistics"]
    assert text["distinct_count"] == 200.0
    assert "distribution" not in text


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 20_000))
def test_sketch_and_buckets_stand_for_every_value(seed: int, rows: int) -> None:
    values = np.random.default_rng(seed).normal(size=rows)
    kll = describe(pl.DataFrame({"x": values}))["features"][0]["numerical_statistics"]["distribution"]["kll"]
    assert sum(len(level) << number for number, level in enumerate(kll["sketch"]["data"])) == rows
    assert sum(bucket["count"] for bucket in kll["buckets"]) == rows


def test_the_sdk_takes_the_files(steps: StepOutputs) -> None:
    monitoring_files = pytest.importorskip("sagemaker.core.model_monitor.monitoring_files")
    statistics = monitoring_files.Statistics(steps.read("baseline/statistics.json"), "s3://bucket/statistics.json")
    constraints = monitoring_files.Constraints(steps.read("baseline/constraints.json"), "s3://bucket/constraints.json")
    constraints.set_monitoring(enable_monitoring=False)
    assert constraints.body_dict["monitoring_config"]["evaluate_constraints"] == "Disabled"
    assert statistics.body_dict["features"]
