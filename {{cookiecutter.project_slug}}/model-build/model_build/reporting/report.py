"""One self-contained HTML page about an evaluation."""

from __future__ import annotations

import base64
import math
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from model_build.analysis.curves import quantiles
from model_build.analysis.evaluation import GROUP_METRICS, HEADLINE, Evaluation
from model_build.analysis.intervals import resample_count
from model_build.analysis.model_quality import LOWER_IS_BETTER
from model_build.reporting import plots
from model_build.settings import Settings

TEMPLATE = "report.html.j2"
SHOWN = {
    "binary_classification": ("auc", "average_precision", "accuracy", "precision", "recall", "f1", "log_loss", "brier"),
    "multiclass_classification": ("accuracy", "macro_f1", "weighted_precision", "weighted_recall", "log_loss", "brier"),
    "regression": ("rmse", "mae", "r2", "mean_error"),
}
NAMES = {
    "auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "rmse": "Root mean squared error",
    "mae": "Mean absolute error",
    "mse": "Mean squared error",
    "r2": "R squared",
    "mean_error": "Mean error",
}
PROBLEMS = {
    "binary_classification": "Binary classification",
    "multiclass_classification": "Multiclass classification",
    "regression": "Regression",
}


def render_report(
    evaluation: Evaluation, training: dict[str, Any], gate: dict[str, Any], settings: Settings, pipeline_svg: str = ""
) -> str:
    """The report as HTML without any reference to the outside.

    Args:
        training: content of training.json.
        gate: gate block of evaluation.json.
        pipeline_svg: picture of the pipeline, or "" to leave it out.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    return environment.get_template(TEMPLATE).render(
        project=settings.project,
        problem=PROBLEMS[evaluation.problem_type],
        data=settings.data,
        gate=gate,
        metrics=metric_rows(evaluation),
        resamples=resample_count(evaluation.rows),
        comparison=comparison(evaluation),
        confusion=confusion_rows(evaluation),
        classes=evaluation.classes,
        calibration_error=None if evaluation.problem_type == "regression" else evaluation.calibration.error,
        groups=evaluation.groups,
        group_metrics=[(name, display_name(name)) for name in GROUP_METRICS[evaluation.problem_type]],
        figures=[(title, Markup(svg), note) for title, svg, note in figures(evaluation, training, settings)],
        training=training,
        test_rows=evaluation.rows,
        label_summary=label_summary(evaluation),
        pipeline=_data_uri(pipeline_svg),
    )


def number(value: float) -> str:
    """Four significant decimals; a dash for what is undefined."""
    return f"{value:.4f}" if math.isfinite(value) else "–"


def display_name(metric: str) -> str:
    return NAMES.get(metric, metric.replace("_", " ").capitalize())


def metric_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    rows = []
    for name in SHOWN[evaluation.problem_type]:
        naive = evaluation.naive[name]
        better = "" if name == "mean_error" else "lower is better" if name in LOWER_IS_BETTER else "higher is better"
        estimate = evaluation.estimates[name]
        rows.append({"name": display_name(name), "estimate": estimate, "naive": naive, "note": better})
    return rows


def comparison(evaluation: Evaluation) -> str:
    """How the model compares with a constant prediction, as a sentence."""
    metric = HEADLINE[evaluation.problem_type]
    found = evaluation.naive_comparison(metric)
    lower = metric in LOWER_IS_BETTER
    margin = -found["difference"] if lower else found["difference"]
    constant = "Always predicting the " + ("training mean" if lower else "most frequent class of the training data")
    verdict = f"beats it by {margin:.4f}" if margin > 0 else f"is no better: it misses it by {-margin:.4f}"
    return f"{constant} gives {metric} {found['naive']:.4f}. The model, with {found['model']:.4f}, {verdict}."


def confusion_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Counts and row shares by actual class; empty for a regression."""
    if evaluation.confusion is None:
        return []
    rows = []
    for name, counts in zip(evaluation.classes, evaluation.confusion, strict=True):
        total = float(counts.sum())
        cells = [{"count": float(count), "share": float(count) / total if total else 0.0} for count in counts]
        rows.append({"name": name, "cells": cells})
    return rows


def label_summary(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Distribution of the label in the test data, weighted as the metrics are."""
    if not evaluation.classes:
        shares = {"median": 0.5, "5 %": 0.05, "95 %": 0.95}
        found = quantiles(evaluation.actual, np.array(list(shares.values())), evaluation.weights)
        return [(name, f"{value:.4g}") for name, value in zip(shares, found, strict=True)]
    return [
        (name, f"{100 * class_share(evaluation, position):.1f} %") for position, name in enumerate(evaluation.classes)
    ]


def class_share(evaluation: Evaluation, position: int) -> float:
    """Share of a class in the test data, weighted as the metrics are."""
    return float(np.average(evaluation.actual == position, weights=evaluation.weights))


def figures(evaluation: Evaluation, training: dict[str, Any], settings: Settings) -> list[tuple[str, str, str]]:
    """Title, SVG and caption of every plot."""
    label = settings.data.label
    found: list[tuple[str, str, str]] = []
    if evaluation.curves is not None:
        share = class_share(evaluation, 1)
        found += [
            ("ROC curve", plots.roc_plot(evaluation.curves), "True against false positives as the threshold falls."),
            (
                "Precision and recall",
                plots.precision_recall_plot(evaluation.curves, share),
                f"Chance is the share of {settings.data.positive} in the test data, {share:.1%}.",
            ),
        ]
    if evaluation.problem_type == "regression":
        scatter = plots.scatter_plot(evaluation.actual, evaluation.predicted, label, settings.data.seed)
        found += [
            ("Predicted against actual", scatter, "Points on the dashed line are predicted exactly."),
            (
                "Residuals",
                plots.residual_plot(evaluation.actual, evaluation.predicted, label),
                "Errors of the test rows.",
            ),
        ]
    found.append(_calibration_figure(evaluation, settings))
    metric = list(training["history"]["validation"])[-1]
    curve = plots.training_plot(training["history"], metric, training["rounds"])
    found.append(
        ("Training curve", curve, f"{training['rounds']} rounds are kept, where validation {metric} was best.")
    )
    importance = plots.importance_plot(training["importance"])
    found.append(
        ("Feature importance", importance, "How much each feature reduces the training loss; not a causal effect.")
    )
    return found


def _calibration_figure(evaluation: Evaluation, settings: Settings) -> tuple[str, str, str]:
    axes = {
        "binary_classification": ("predicted probability", f"observed share of {settings.data.positive}"),
        "multiclass_classification": ("probability of the predicted class", "share predicted right"),
        "regression": (f"mean predicted {settings.data.label}", f"mean actual {settings.data.label}"),
    }[evaluation.problem_type]
    caption = "Each point is a tenth of the test data, ordered by prediction."
    return "Calibration", plots.calibration_plot(evaluation.calibration, *axes), caption


def _data_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode() if svg else ""
