"""smoke.json: real rows of the test split, and answers that the real server gives again."""

from __future__ import annotations

import json

import polars as pl
import pytest
from starlette.testclient import TestClient
from step_outputs import SETTINGS, StepOutputs

from model_build.analysis.columns import column_types, feature_names
from model_build.contract import Contract
from model_build.serving.app import served_app
from model_build.steps.model_files import model_folder
from model_build.steps.smoke import MOST_ROWS, smoke_rows


def test_the_server_gives_the_answers_that_were_packaged(steps: StepOutputs, monkeypatch: pytest.MonkeyPatch) -> None:
    smoke = steps.read("package/smoke.json")
    with model_folder(steps.package) as folder:
        monkeypatch.setenv("SM_MODEL_DIR", str(folder))
        client = TestClient(served_app())
        body = json.dumps({"instances": smoke["rows"]})
        answer = client.post("/invocations", content=body, headers={"content-type": "application/json"})
    assert answer.json() == {"predictions": smoke["answers"]}
    assert len(smoke["answers"]) == MOST_ROWS


def test_rows_are_of_the_test_split_and_hold_what_the_model_sees_only(steps: StepOutputs) -> None:
    smoke, test = steps.read("package/smoke.json"), pl.read_parquet(steps.test / "data.parquet")
    features = feature_names(column_types(Contract), SETTINGS.data)
    assert [feature["name"] for feature in smoke["features"]] == features
    known = set(test.select(pl.struct(pl.col(features).cast(pl.String)).struct.json_encode()).to_series())
    rows = pl.DataFrame(smoke["rows"], schema={name: test.schema[name] for name in features})
    assert set(rows.select(pl.struct(pl.all().cast(pl.String)).struct.json_encode()).to_series()) <= known
    assert all(list(row) == features for row in smoke["rows"])
    hidden = {SETTINGS.data.label, *SETTINGS.data.exclude}
    assert not hidden & {name for row in smoke["rows"] for name in row}


def test_every_feature_that_may_be_missing_is_missing_in_a_row(steps: StepOutputs) -> None:
    smoke, test = steps.read("package/smoke.json"), pl.read_parquet(steps.test / "data.parquet")
    gaps = {feature["name"] for feature in smoke["features"] if test[feature["name"]].null_count()}
    assert gaps == {name for row in smoke["rows"] for name, value in row.items() if value is None}


@pytest.mark.parametrize(("rows", "expected"), [(3, [0, 1, 2]), (40, [*range(0, 36, 2), 37, 39])])
def test_rows_are_spread_over_the_split_and_include_gaps(rows: int, expected: list[int]) -> None:
    gaps = [None if row in (37, 39) else row for row in range(rows)]
    late = [None if row == 39 else row for row in range(rows)]
    assert smoke_rows(pl.DataFrame({"a": gaps, "b": late}), ["a", "b"]) == expected
