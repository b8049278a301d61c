"""What the report says about groups and weighted rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from step_outputs import SETTINGS, StepOutputs

from model_build.analysis.evaluation import Evaluation, evaluate_predictions
from model_build.analysis.gate import judge
from model_build.analysis.metrics import Floats
from model_build.reporting.report import class_share, figures, label_summary, render_report
from model_build.settings import ProblemType
from model_build.steps.evaluate import evaluation_json

CLASSES: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": ("no", "yes"),
    "multiclass_classification": ("low", "middle", "high"),
    "regression": (),
}
ROWS = 90


def evaluated(problem_type: ProblemType, weights: Floats | None = None) -> Evaluation:
    rng = np.random.default_rng(5)
    actual = (np.arange(ROWS) % max(len(CLASSES[problem_type]), 2)).astype(np.float64)
    score = rng.uniform(size=ROWS)
    naive: dict[str, Any] = {"mean": 0.5, "class_shares": [0.5, 0.5]}
    if problem_type == "multiclass_classification":
        score, naive = rng.dirichlet(np.ones(3), ROWS), {"class_shares": [1 / 3] * 3}
    sensitive = pl.Series("sex", ["F", "M", "M"] * (ROWS // 3))
    return evaluate_predictions(problem_type, CLASSES[problem_type], actual, score, naive, 1, weights, sensitive)


@pytest.mark.parametrize("problem_type", list(CLASSES))
def test_only_labels_with_a_meaningful_mean_have_one_by_group(problem_type: ProblemType, steps: StepOutputs) -> None:
    evaluation = evaluated(problem_type)
    gate = judge("accuracy", 0.5, 0.4, "higher")
    group = evaluation_json(evaluation, gate)["groups"]["F"]
    report = render_report(evaluation, steps.read("model/training.json"), gate, SETTINGS)
    several = problem_type == "multiclass_classification"
    assert ("label_mean" in group, "prediction_mean" in group) == (not several, not several)
    assert ("Mean label" in report or "Positive labels" in report) == (not several)
    json.dumps(group, allow_nan=False)


def test_shares_of_classes_are_weighted() -> None:
    weights = np.where(np.arange(ROWS) % 2 == 1, 3.0, 1.0)
    assert class_share(evaluated("binary_classification"), 1) == 0.5
    weighted = evaluated("binary_classification", weights)
    assert class_share(weighted, 1) == 0.75
    assert label_summary(weighted) == [("no", "25.0 %"), ("yes", "75.0 %")]


def test_the_chance_line_is_weighted(steps: StepOutputs) -> None:
    weighted = evaluated("binary_classification", np.where(np.arange(ROWS) % 2 == 1, 3.0, 1.0))
    captions = [caption for _, _, caption in figures(weighted, steps.read("model/training.json"), SETTINGS)]
    assert any("75.0%" in caption for caption in captions)


def test_quantiles_of_a_label_are_weighted() -> None:
    summary = dict(label_summary(evaluated("regression", np.where(np.arange(ROWS) % 2 == 1, 30.0, 1.0))))
    assert (summary["median"], summary["5 %"]) == ("1", "1")
