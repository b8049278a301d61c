"""Attributions on request: what each feature adds to the margin, exactly."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from serving_models import EXPLAIN, FEATURES, ROWS, ask
from starlette.testclient import TestClient

from model_build.serving.predictor import Predictor


def margin(answer: dict[str, Any], classes: tuple[str, ...]) -> float:
    """The margin a probability or value came from; of the predicted class for more than two."""
    if len(classes) == 2:
        return math.log(answer["score"] / (1 - answer["score"]))
    return float(answer["prediction"])


def test_attributions_and_base_value_add_up_to_the_margin(client: TestClient, predictor: Predictor) -> None:
    classes = predictor.preprocessing.classes
    for answer in ask(client, json.dumps(ROWS), **EXPLAIN).json()["predictions"]:
        assert list(answer["attributions"]) == FEATURES
        total = answer["base_value"] + sum(answer["attributions"].values())
        if len(classes) <= 2:
            assert total == pytest.approx(margin(answer, classes), rel=1e-4, abs=1e-4)


def test_attributions_of_several_classes_explain_the_predicted_one(predictor: Predictor) -> None:
    if len(predictor.preprocessing.classes) <= 2:
        return
    features = np.array([[39, 1, 40.5], [np.nan, np.nan, 13], [28, 2, np.nan]], dtype=np.float32)
    explained = predictor.ask(features, explained=True)
    assert explained.contributions is not None and explained.chosen is not None
    margins = predictor.native.result()._booster.inplace_predict(
        features, predict_type="margin", validate_features=False
    )
    chosen = margins[np.arange(len(features)), explained.chosen]
    np.testing.assert_allclose(explained.contributions.sum(axis=1), chosen, atol=1e-5)
    assert (chosen == margins.max(axis=1)).all()


def test_attributions_come_with_the_same_predictions(client: TestClient) -> None:
    plain = ask(client, json.dumps(ROWS)).json()["predictions"]
    explained = ask(client, json.dumps(ROWS), **EXPLAIN).json()["predictions"]
    assert [{name: answer[name] for name in plain[0]} for answer in explained] == plain
    off = dict.fromkeys(EXPLAIN, "attributions=false")
    assert ask(client, json.dumps(ROWS), **off).json()["predictions"] == plain


def test_csv_appends_the_base_value_and_a_column_per_feature(client: TestClient) -> None:
    first = ask(client, json.dumps(ROWS), **EXPLAIN).json()["predictions"][0]
    cells = ask(client, json.dumps(ROWS), accept="text/csv", **EXPLAIN).text.splitlines()[0].split(",")
    expected = [first["base_value"], *(first["attributions"][name] for name in FEATURES)]
    assert [float(cell) for cell in cells[-4:]] == expected
