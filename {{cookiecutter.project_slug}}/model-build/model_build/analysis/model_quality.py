"""Metrics in the JSON forms of SageMaker Model Monitor's model quality jobs.

Source: "Model quality metrics and Amazon CloudWatch monitoring" and "Schema for constraints" of the SageMaker
Developer Guide. A missing number is the string "NaN", as in the files of real jobs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model_build.analysis.curves import BinaryCurves
from model_build.analysis.intervals import Estimate
from model_build.analysis.metrics import Floats
from model_build.settings import ProblemType

LOWER_IS_BETTER = {"log_loss", "brier", "rmse", "mae", "mse", "false_positive_rate", "false_negative_rate"}
CONSTANT = "_best_constant_classifier"
WEIGHTED = ("accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1", "weighted_f2")
QUALITY_METRICS: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": (
        *("recall", "precision", "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate"),
        *("false_negative_rate", "auc", "f0_5", "f1", "f2", "log_loss", "brier", "average_precision"),
    ),
    "multiclass_classification": (*WEIGHTED, "macro_f1", "log_loss", "brier"),
    "regression": ("mae", "mse", "rmse", "r2"),
}
CONSTANT_METRICS: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": ("recall", "precision", "accuracy", "f0_5", "f1", "f2"),
    "multiclass_classification": WEIGHTED,
    "regression": (),
}


def finite(number: float) -> float | str:
    """The number, or "NaN" where JSON has none."""
    return number if math.isfinite(number) else "NaN"


def quality_metrics(
    problem_type: ProblemType,
    estimates: Mapping[str, Estimate],
    naive: Mapping[str, float],
    confusion: Floats | None = None,
    curves: BinaryCurves | None = None,
) -> dict[str, Any]:
    """Content of evaluation.json as model quality jobs write it, {"<problem type>_metrics": {...}}.

    Args:
        naive: metrics of the best constant classifier.
        confusion: rows by actual and predicted class number; classes are keyed "0", "1", ...
    """
    content: dict[str, Any] = {}
    if confusion is not None:
        content["confusion_matrix"] = {
            str(actual): {str(predicted): float(count) for predicted, count in enumerate(row)}
            for actual, row in enumerate(confusion)
        }
    for name in QUALITY_METRICS[problem_type]:
        estimate = estimates[name]
        content[name] = {"value": finite(estimate.value), "standard_deviation": finite(estimate.standard_deviation)}
    for name in CONSTANT_METRICS[problem_type]:
        content[name + CONSTANT] = {"value": finite(naive[name]), "standard_deviation": "NaN"}
    if curves is not None:
        content["receiver_operating_characteristic_curve"] = {
            "false_positive_rates": curves.false_positive_rate.tolist(),
            "true_positive_rates": curves.true_positive_rate.tolist(),
        }
        content["precision_recall_curve"] = {"precisions": curves.precision.tolist(), "recalls": curves.recall.tolist()}
    return {f"{problem_type}_metrics": content}


def quality_constraints(problem_type: ProblemType, estimates: Mapping[str, Estimate]) -> dict[str, Any]:
    """Model quality constraints: each metric may not be worse than the worse end of its 95 % interval."""
    constraints: dict[str, Any] = {}
    for name in QUALITY_METRICS[problem_type]:
        estimate = estimates[name]
        lower = name in LOWER_IS_BETTER
        threshold = estimate.high if lower else estimate.low
        if math.isfinite(threshold):
            operator = "GreaterThanThreshold" if lower else "LessThanThreshold"
            constraints[name] = {"threshold": threshold, "comparison_operator": operator}
    return {"version": 0.0, f"{problem_type}_constraints": constraints}


def confusion_labels(classes: Sequence[str]) -> dict[str, str]:
    """What the keys of the confusion matrix stand for."""
    return {str(number): name for number, name in enumerate(classes)}
