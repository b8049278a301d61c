"""Measure bias against every group of data.sensitive, in the training labels and in the predictions.

Writes analysis.json (the form of SageMaker Clarify) and bias.json (the gate: the absolute value of --metric, for the
facet where it is largest, against --maximum). A missed gate is no failure of this step.

    python -m model_build.steps.bias --predictions out/predictions --train out/train --output out/bias
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from model_build.analysis.bias import posttraining_metrics, pretraining_metrics
from model_build.analysis.bias_report import analysis_section, facet_masks, group_codes, measure_facets, outcomes
from model_build.analysis.gate import judge_bias
from model_build.settings import BIAS_METRICS, Settings, load_settings
from model_build.steps.command import BAD_USAGE, StepError, finite_float, run, step_parser, write_json
from model_build.steps.tables import read_split

NAME = "bias"
LARGEST = 2.348543e108  # what Clarify publishes for infinity


def main(argv: Sequence[str] | None = None) -> None:
    settings = load_settings()
    parser = step_parser(NAME, __doc__)
    parser.folder("--predictions", "predictions of the test split")
    parser.folder("--train", "training split")
    parser.folder("--output", "where analysis.json and bias.json go")
    parser.add_argument("--metric", default=settings.bias.metric, choices=BIAS_METRICS)
    parser.add_argument("--maximum", type=finite_float, default=settings.bias.maximum)
    arguments = parser.parse_args(argv)
    if not settings.checks_bias:
        raise StepError("bias needs a binary label and data.sensitive in project.toml", BAD_USAGE)
    if arguments.metric == "CDDPL" and not settings.data.strata:
        raise StepError("CDDPL needs data.strata in project.toml", BAD_USAGE)
    before = label_bias(read_split(arguments.train), settings)
    after = prediction_bias(read_split(arguments.predictions), settings)
    gate = gate_verdict(after, arguments.metric, arguments.maximum, settings.data.sensitive)
    sensitive, label, positive = settings.data.sensitive, settings.data.label, settings.data.positive
    analysis = {
        "version": "1.0",
        "pre_training_bias_metrics": analysis_section(sensitive, label, positive, before),
        "post_training_bias_metrics": analysis_section(sensitive, label, positive, after),
    }
    write_json(arguments.output / "analysis.json", analysis)
    write_json(arguments.output / "bias.json", {"gate": gate})
    print(gate["message"])


def label_bias(train: pl.DataFrame, settings: Settings) -> dict[str, dict[str, float]]:
    """Pre-training metrics of every facet of the training labels."""
    data = settings.data
    advantaged, others = facet_masks(column(train, data.sensitive), data.advantaged)
    label = outcomes(column(train, data.label), data.positive)
    measure = functools.partial(pretraining_metrics, label, group=_groups(train, settings))
    return measure_facets(advantaged, others, measure)


def prediction_bias(predictions: pl.DataFrame, settings: Settings) -> dict[str, dict[str, float]]:
    """Post-training metrics of every facet of the predictions."""
    data = settings.data
    advantaged, others = facet_masks(column(predictions, data.sensitive), data.advantaged)
    label, predicted = (outcomes(column(predictions, name), data.positive) for name in ("label", "prediction"))
    measure = functools.partial(posttraining_metrics, label, predicted, group=_groups(predictions, settings))
    return measure_facets(advantaged, others, measure)


def column(frame: pl.DataFrame, name: str) -> pl.Series:
    if name not in frame.columns:
        raise StepError(f"column {name!r} is missing; found {', '.join(frame.columns)}")
    return frame[name]


def _groups(frame: pl.DataFrame, settings: Settings) -> Any:
    return group_codes(column(frame, settings.data.strata)) if settings.data.strata else None


def gate_verdict(
    facets: Mapping[str, Mapping[str, float]], metric: str, maximum: float, sensitive: str
) -> dict[str, Any]:
    """Gate block of bias.json; a metric that is undefined for a facet counts as the largest bias there is."""
    values = {facet: _bounded(metrics[metric]) for facet, metrics in facets.items()}
    worst = max(values, key=lambda facet: abs(values[facet]))
    return judge_bias(metric, f"{sensitive}={worst}", values[worst], maximum)


def _bounded(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(LARGEST, value)


if __name__ == "__main__":
    run(main, NAME)
