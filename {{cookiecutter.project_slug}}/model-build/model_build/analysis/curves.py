"""Curves and tables behind the metrics: ROC, precision and recall, confusion, calibration, residuals."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from model_build.analysis.metrics import Floats

CURVE_POINTS = 200
BINS = 10


@dataclasses.dataclass(frozen=True)
class BinaryCurves:
    """Points at falling thresholds, thinned to at most `CURVE_POINTS`."""

    false_positive_rate: Floats
    true_positive_rate: Floats
    precision: Floats
    recall: Floats


def binary_curves(label: Floats, score: Floats, weights: Floats | None = None) -> BinaryCurves:
    """ROC and precision-recall curves of labels (n,) in {0, 1} and scores (n,)."""
    order = np.argsort(-score, kind="stable")
    weight = (np.ones_like(score) if weights is None else weights)[order]
    ends = np.flatnonzero(np.r_[np.diff(score[order]) != 0, True])
    found, seen = np.cumsum(weight * label[order])[ends], np.cumsum(weight)[ends]
    true_rate = np.r_[0.0, found / max(found[-1], 1e-300)]
    false_rate = np.r_[0.0, (seen - found) / max(seen[-1] - found[-1], 1e-300)]
    precision = np.r_[1.0, found / np.maximum(seen, 1e-300)]
    kept = np.unique(np.linspace(0, len(true_rate) - 1, CURVE_POINTS).round().astype(np.int64))
    return BinaryCurves(false_rate[kept], true_rate[kept], precision[kept], true_rate[kept])


def confusion_table(actual: Floats, predicted: Floats, classes: int, weights: Floats | None = None) -> Floats:
    """Weight of rows by actual (first axis) and predicted class, shape (classes, classes)."""
    codes = (actual * classes + predicted).astype(np.int64)
    return np.bincount(codes, weights=weights, minlength=classes**2).astype(np.float64).reshape(classes, classes)


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Bins of about equal weight: mean prediction, observed mean, weight; `error` is their mean distance (ECE)."""

    predicted: list[float]
    observed: list[float]
    weight: list[float]
    error: float

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def quantiles(values: Floats, shares: Floats, weights: Floats | None = None) -> Floats:
    """Values (k,) below which the given shares (k,) of the weight of `values` (n,) lie."""
    if weights is None:
        return np.asarray(np.quantile(values, shares), dtype=np.float64)
    return np.asarray(np.quantile(values, shares, weights=weights, method="inverted_cdf"), dtype=np.float64)


def calibrate(prediction: Floats, outcome: Floats, weights: Floats | None = None, bins: int = BINS) -> Calibration:
    """Compare predictions (n,) with outcomes (n,) in quantile bins of the prediction.

    `error` is the expected calibration error of Naeini et al. 2015, with equal-mass bins.
    """
    weight = np.ones_like(prediction) if weights is None else weights
    edges = np.unique(quantiles(prediction, np.linspace(0, 1, bins + 1)[1:-1], weights))
    number = np.searchsorted(edges, prediction, side="left")
    mass = np.bincount(number, weights=weight, minlength=len(edges) + 1)
    used = mass > 0
    predicted = np.bincount(number, weights=weight * prediction, minlength=len(mass))[used] / mass[used]
    observed = np.bincount(number, weights=weight * outcome, minlength=len(mass))[used] / mass[used]
    error = float(np.average(np.abs(predicted - observed), weights=mass[used]))
    return Calibration(predicted.tolist(), observed.tolist(), mass[used].tolist(), error)
