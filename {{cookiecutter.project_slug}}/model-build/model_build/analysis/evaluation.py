"""Everything an evaluation finds out about a model on its test data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import polars as pl

from model_build.analysis.curves import BinaryCurves, Calibration, binary_curves, calibrate, confusion_table
from model_build.analysis.intervals import Estimate, estimate_metrics
from model_build.analysis.metrics import Floats, make_scorer, point_metrics
from model_build.settings import ProblemType

GROUP_METRICS: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": ("auc", "accuracy", "recall", "false_positive_rate"),
    "multiclass_classification": ("accuracy", "macro_f1", "log_loss"),
    "regression": ("rmse", "mae", "mean_error"),
}
HEADLINE: dict[ProblemType, str] = {
    "binary_classification": "accuracy",
    "multiclass_classification": "accuracy",
    "regression": "rmse",
}


@dataclasses.dataclass(frozen=True)
class Means:
    """Share of the positive class, or mean value of a regression."""

    label: float
    prediction: float


@dataclasses.dataclass(frozen=True)
class Group:
    """Metrics of the rows that share a value of the sensitive attribute; numbers of several classes have no mean."""

    value: str
    rows: int
    means: Means | None
    estimates: dict[str, Estimate]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """Findings; `actual` and `predicted` are class numbers, or values for a regression, of shape (rows,).

    `weights` of the rows have the same shape, None for equal ones.
    """

    problem_type: ProblemType
    classes: tuple[str, ...]
    actual: Floats
    predicted: Floats
    score: Floats
    estimates: dict[str, Estimate]
    naive: dict[str, float]
    calibration: Calibration
    confusion: Floats | None
    curves: BinaryCurves | None
    groups: list[Group]
    weights: Floats | None = None

    @property
    def rows(self) -> int:
        return len(self.actual)

    def naive_comparison(self, metric: str) -> dict[str, Any]:
        """How far the model beats a constant prediction in `metric` (above 0: better), if that is defined there."""
        model, naive = self.estimates[metric].value, self.naive[metric]
        return {"metric": metric, "model": model, "naive": naive, "difference": model - naive}


def predicted_class(problem_type: ProblemType, score: Floats) -> Floats:
    """Class numbers of probabilities (n,) or (n, k); the values themselves for a regression."""
    if problem_type == "binary_classification":
        return (score >= 0.5).astype(np.float64)
    if problem_type == "multiclass_classification":
        return np.asarray(score.argmax(axis=1), dtype=np.float64)
    return score


def naive_scores(problem_type: ProblemType, naive: dict[str, Any], rows: int) -> Floats:
    """What a model without features predicts for every row: the training data's class shares, or its mean."""
    if problem_type == "regression":
        return np.full(rows, float(naive["mean"]))
    shares = np.asarray(naive["class_shares"], dtype=np.float64)
    return np.full(rows, shares[1]) if problem_type == "binary_classification" else np.tile(shares, (rows, 1))


def evaluate_predictions(
    problem_type: ProblemType,
    classes: tuple[str, ...],
    actual: Floats,
    score: Floats,
    naive: dict[str, Any],
    seed: int,
    weights: Floats | None = None,
    sensitive: pl.Series | None = None,
) -> Evaluation:
    """Judge predictions of the test data.

    Args:
        score: probabilities of the positive class (n,), of all classes (n, k), or predicted values (n,).
        naive: the training data's {"class_shares": [...]} or {"mean": x}.
        sensitive: attribute of shape (n,) whose groups are looked at one by one.
    """
    predicted = predicted_class(problem_type, score)
    classification = problem_type != "regression"
    binary = problem_type == "binary_classification"
    constant = make_scorer(problem_type, actual, naive_scores(problem_type, naive, len(actual)))
    return Evaluation(
        problem_type,
        classes,
        actual,
        predicted,
        score,
        estimate_metrics(make_scorer(problem_type, actual, score), seed, weights),
        point_metrics(constant, weights),
        _calibration(problem_type, actual, predicted, score, weights),
        confusion_table(actual, predicted, len(classes), weights) if classification else None,
        binary_curves(actual, score, weights) if binary else None,
        [] if sensitive is None else _groups(problem_type, actual, predicted, score, seed, weights, sensitive),
        weights,
    )


def _calibration(
    problem_type: ProblemType, actual: Floats, predicted: Floats, score: Floats, weights: Floats | None
) -> Calibration:
    """Of the positive class, of the predicted class's probability, or of the predicted value."""
    if problem_type == "multiclass_classification":
        return calibrate(score.max(axis=1), (actual == predicted).astype(np.float64), weights)
    return calibrate(score, actual, weights)


def _groups(
    problem_type: ProblemType,
    actual: Floats,
    predicted: Floats,
    score: Floats,
    seed: int,
    weights: Floats | None,
    sensitive: pl.Series,
) -> list[Group]:
    groups = []
    text = sensitive.cast(pl.String).fill_null("(missing)")
    for value in text.unique().sort():
        rows = (text == value).to_numpy()
        scorer = make_scorer(problem_type, actual[rows], score[rows])
        weight = None if weights is None else weights[rows]
        estimates = estimate_metrics(scorer, seed, weight, resamples=200)
        kept = {name: estimates[name] for name in GROUP_METRICS[problem_type]}
        groups.append(Group(value, int(rows.sum()), _means(problem_type, actual[rows], predicted[rows], weight), kept))
    return groups


def _means(problem_type: ProblemType, actual: Floats, predicted: Floats, weights: Floats | None) -> Means | None:
    if problem_type == "multiclass_classification":
        return None
    return Means(float(np.average(actual, weights=weights)), float(np.average(predicted, weights=weights)))
