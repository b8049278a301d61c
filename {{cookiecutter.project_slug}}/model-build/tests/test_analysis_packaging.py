"""What travels with the model: its ONNX form, and its card."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from step_outputs import SETTINGS, StepOutputs

from model_build.analysis.errors import DataError
from model_build.analysis.model_card import model_card, model_card_markdown
from model_build.analysis.onnx_export import TOLERANCE, export_onnx, largest_difference, predict_onnx
from model_build.steps.model_files import read_model

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(size=(300, 4)).astype(np.float32)
FEATURES[RNG.random(FEATURES.shape) < 0.2] = np.nan
OBJECTIVES: dict[str, dict[str, Any]] = {
    "binary": {"objective": "binary:logistic"},
    "multiclass": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_onnx_predicts_like_xgboost_also_for_missing_values(kind: str) -> None:
    score = np.nan_to_num(FEATURES[:, 0]) + 2 * np.isnan(FEATURES[:, 1])
    label = {"binary": score > 0.5, "multiclass": np.digitize(score, [0, 1]), "regression": 50 + 9 * score}[kind]
    names = ["age", "pay", "kind of work", "hours"]
    booster = xgb.train(OBJECTIVES[kind], xgb.DMatrix(FEATURES, label, feature_names=names), 15)
    unseen = np.concatenate([FEATURES, np.full((1, 4), np.nan, dtype=np.float32)])
    native = np.asarray(booster.inplace_predict(unseen, validate_features=False))
    assert largest_difference(native, predict_onnx(export_onnx(booster, 4), unseen)) <= TOLERANCE * 60
    assert booster.feature_names == names


def test_a_different_onnx_model_is_refused() -> None:
    with pytest.raises(DataError, match="the ONNX model is off by 0.1 from the native one; expected at most 0.0001"):
        largest_difference(np.array([0.5], dtype=np.float32), np.array([[0.4, 0.6]], dtype=np.float32))
    with pytest.raises(DataError):
        largest_difference(np.array([0.5], dtype=np.float32), np.array([np.nan], dtype=np.float32))


def test_the_packaged_onnx_model_takes_one_float_input_named_features(steps: StepOutputs) -> None:
    import onnxruntime

    model = read_model(steps.model)
    onnx = export_onnx(model.booster, len(model.preprocessing.features))
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert (given.name, given.type, given.shape[1]) == ("features", "tensor(float)", len(model.preprocessing.features))
    features = model.preprocessing.transform(pl.read_parquet(steps.test / "data.parquet").head(200))
    difference = largest_difference(model.predict(features), predict_onnx(onnx, features))
    assert difference <= TOLERANCE * max(1.0, float(np.abs(model.predict(features)).max()))


def card(steps: StepOutputs) -> dict[str, Any]:
    training, evaluation = steps.read("model/training.json"), steps.read("evaluation/evaluation.json")
    return model_card(SETTINGS, training, evaluation, steps.read("summary/data.json"))


def test_the_sdk_takes_the_model_card(steps: StepOutputs) -> None:
    shapes = pytest.importorskip("sagemaker.core.shapes.model_card_shapes")
    content = shapes.ModelCardContent(**card(steps))
    assert content.model_overview.model_owner == SETTINGS.project.owner
    (evaluation,) = content.evaluation_details
    assert evaluation.metric_groups[0].metric_data[0].value is not None


def test_the_model_card_says_what_the_model_reaches(steps: StepOutputs) -> None:
    text = model_card_markdown(card(steps), "Demo")
    assert text.startswith("# Demo\n")
    assert steps.read("evaluation/evaluation.json")["gate"]["message"] in text
    assert "| max_depth |" in text
