"""Metrics as functions of row weights, so that one formula serves the value and its bootstrap distribution.

A scorer is made from labels and predictions and called with weights of shape (b, n): b resamples of n rows. It returns
{metric: array of shape (b,)}. Undefined metrics (a class without rows) are NaN. Definitions are those of SageMaker
Model Monitor's model quality metrics and of scikit-learn, with which the tests compare them.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model_build.settings import ProblemType

Floats = NDArray[np.float64]
EPSILON = 1e-15
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


class Scorer(Protocol):
    """Labels and predictions of `rows` rows, waiting for weights."""

    rows: int

    def __call__(self, weights: Floats) -> dict[str, Floats]: ...


def make_scorer(problem_type: ProblemType, label: Floats, prediction: Floats) -> Scorer:
    """Scorer of labels (n,) against probabilities of the positive class (n,), of all classes (n, k), or values (n,)."""
    if problem_type == "binary_classification":
        return BinaryScorer(label, prediction)
    if problem_type == "multiclass_classification":
        return MulticlassScorer(label, prediction)
    return RegressionScorer(label, prediction)


def point_metrics(scorer: Scorer, weights: Floats | None = None) -> dict[str, float]:
    """Every metric on all rows, weighted if `weights` of shape (n,) is given."""
    row = np.ones((1, scorer.rows)) if weights is None else weights[np.newaxis, :]
    return {name: float(values[0]) for name, values in scorer(row).items()}


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient, NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


class BinaryScorer:
    """Metrics of probabilities; a probability from 0.5 on counts as the positive class."""

    def __init__(self, label: Floats, score: Floats) -> None:
        self.rows = len(label)
        self._order = np.argsort(-score, kind="stable")
        sorted_score, positive = score[self._order], label[self._order]
        self._starts = np.flatnonzero(np.r_[True, np.diff(sorted_score) != 0])
        self._positive = positive
        self._predicted = (sorted_score >= 0.5).astype(np.float64)
        clipped = np.clip(sorted_score, EPSILON, 1 - EPSILON)
        self._log_loss = -np.where(positive == 1, np.log(clipped), np.log1p(-clipped))
        self._squared = (sorted_score - positive) ** 2

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        ordered = weights[:, self._order]
        total = ordered.sum(axis=1)
        positive = ordered * self._positive
        positives, predicted = positive.sum(axis=1), ordered @ self._predicted
        hits = positive @ self._predicted
        false_alarms, misses = predicted - hits, positives - hits
        rejections = total - predicted - misses
        precision, recall = divide(hits, predicted), divide(hits, positives)
        false_rate = divide(false_alarms, total - positives)
        area, average_precision = self._areas(ordered, positive)
        return {
            "auc": area,
            "average_precision": average_precision,
            "accuracy": (hits + rejections) / total,
            "precision": precision,
            "recall": recall,
            **{name: f_score(precision, recall, beta) for name, beta in BETAS.items()},
            "true_positive_rate": recall,
            "true_negative_rate": 1 - false_rate,
            "false_positive_rate": false_rate,
            "false_negative_rate": 1 - recall,
            "log_loss": ordered @ self._log_loss / total,
            "brier": ordered @ self._squared / total,
        }

    def _areas(self, ordered: Floats, positive: Floats) -> tuple[Floats, Floats]:
        """Areas under the ROC curve (ties by the trapezoid) and under the precision steps."""
        group_positive = np.add.reduceat(positive, self._starts, axis=1)
        group_all = np.add.reduceat(ordered, self._starts, axis=1)
        found, seen = np.cumsum(group_positive, axis=1), np.cumsum(group_all, axis=1)
        positives, negatives = found[:, -1], seen[:, -1] - found[:, -1]
        above = ((found - group_positive / 2) * (group_all - group_positive)).sum(axis=1)
        steps = (np.nan_to_num(divide(found, seen)) * group_positive).sum(axis=1)
        return divide(above, positives * negatives), divide(steps, positives)


class MulticlassScorer:
    """Metrics of class probabilities; the most probable class is the predicted one."""

    def __init__(self, label: Floats, probability: Floats) -> None:
        self.rows, self._classes = probability.shape
        truth, predicted = label.astype(np.int64), probability.argmax(axis=1)
        identity = np.eye(self._classes)
        self._actual, self._predicted = identity[truth], identity[predicted]
        self._correct = (truth == predicted).astype(np.float64)
        chosen = np.clip(probability[np.arange(self.rows), truth], EPSILON, 1.0)
        self._log_loss = -np.log(chosen)
        self._squared = ((probability - self._actual) ** 2).sum(axis=1)

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        actual, predicted = weights @ self._actual, weights @ self._predicted
        hits = weights @ (self._actual * self._correct[:, np.newaxis])
        present = actual + predicted > 0
        precision = np.nan_to_num(divide(hits, predicted))
        recall = np.nan_to_num(divide(hits, actual))
        scores = {name: np.nan_to_num(f_score(precision, recall, beta)) for name, beta in BETAS.items()}
        share = actual / total[:, np.newaxis]
        return {
            "accuracy": weights @ self._correct / total,
            "macro_f1": (scores["f1"] * present).sum(axis=1) / present.sum(axis=1),
            "weighted_recall": (recall * share).sum(axis=1),
            "weighted_precision": (precision * share).sum(axis=1),
            **{f"weighted_{name}": (score * share).sum(axis=1) for name, score in scores.items()},
            "log_loss": weights @ self._log_loss / total,
            "brier": weights @ self._squared / total,
        }


class RegressionScorer:
    """Metrics of predicted values, in the label's unit (squared for mse)."""

    def __init__(self, label: Floats, value: Floats) -> None:
        self.rows = len(label)
        self._label, error = label, value - label
        self._squared, self._absolute, self._error = error**2, np.abs(error), error

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        mse = weights @ self._squared / total
        centred = self._label - self._label.mean()
        mean = weights @ centred / total
        variance = weights @ centred**2 / total - mean**2
        return {
            "rmse": np.sqrt(mse),
            "mae": weights @ self._absolute / total,
            "mse": mse,
            "r2": 1 - divide(mse, variance),
            "mean_error": weights @ self._error / total,
        }


def f_score(precision: Floats, recall: Floats, beta: float) -> Floats:
    """F-beta: (1 + b^2) p r / (b^2 p + r)."""
    return divide((1 + beta**2) * precision * recall, beta**2 * precision + recall)
