"""Judge the model on the test split, which it has never seen.

Writes into --output: evaluation.json (SageMaker's model quality form, intervals, calibration, groups, comparison with
a constant prediction, gate), constraints.json (model quality constraints) and report.html (open it in a browser);
into --predictions: data.parquet with label, prediction and scores. A missed gate is no failure of this step.

    python -m model_build.steps.evaluate --model out/model --test out/test \\
        --output out/evaluation --predictions out/predictions
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from model_build.analysis.evaluation import HEADLINE, Evaluation, evaluate_predictions
from model_build.analysis.gate import judge
from model_build.analysis.metrics import Floats
from model_build.analysis.model_quality import confusion_labels, finite, quality_constraints, quality_metrics
from model_build.settings import GATE_METRICS, PROJECT_ROOT, Settings, load_settings
from model_build.steps.command import BAD_USAGE, StepError, finite_float, run, step_parser, write_json
from model_build.steps.model_files import TrainedModel, read_model
from model_build.steps.tables import read_split, write_split

NAME = "evaluate"


def main(argv: Sequence[str] | None = None) -> None:
    settings = load_settings()
    parser = step_parser(NAME, __doc__)
    parser.folder("--model", "folder with model.tar.gz or its content")
    parser.folder("--test", "test split")
    parser.folder("--output", "where evaluation.json, constraints.json and report.html go")
    parser.folder("--predictions", "where the predictions go")
    parser.add_argument(
        "--gate-metric", default=settings.gate.metric, choices=GATE_METRICS[settings.project.problem_type]
    )
    parser.add_argument("--gate-threshold", type=finite_float, default=settings.gate.threshold)
    arguments = parser.parse_args(argv)
    model, test = read_model(arguments.model), read_split(arguments.test)
    check_problem_type(model, settings)
    evaluation = evaluate_test_data(model, test, settings)
    gate = gate_verdict(evaluation, arguments.gate_metric, arguments.gate_threshold)
    content = evaluation_json(evaluation, gate)
    report = render(evaluation, model, gate, settings)
    write_json(arguments.output / "evaluation.json", content)
    write_json(
        arguments.output / "constraints.json", quality_constraints(evaluation.problem_type, evaluation.estimates)
    )
    (arguments.output / "report.html").write_text(report, encoding="utf-8", newline="\n")
    write_split(prediction_table(evaluation, test, settings), arguments.predictions)
    print(f"{evaluation.rows:,} test rows: {gate['message']}")


def check_problem_type(model: TrainedModel, settings: Settings) -> None:
    if model.preprocessing.problem_type != settings.project.problem_type:
        raise StepError(
            f"the model is for {model.preprocessing.problem_type}; expected {settings.project.problem_type}", BAD_USAGE
        )


def evaluate_test_data(model: TrainedModel, test: pl.DataFrame, settings: Settings) -> Evaluation:
    preprocessing, data = model.preprocessing, settings.data
    weights = test[data.weight].cast(pl.Float64).to_numpy() if data.weight else None
    return evaluate_predictions(
        preprocessing.problem_type,
        preprocessing.classes,
        preprocessing.target(test),
        model.predict(preprocessing.transform(test)).astype(np.float64),
        model.training["naive"],
        data.seed,
        weights,
        test[data.sensitive] if data.sensitive else None,
    )


def gate_verdict(evaluation: Evaluation, metric: str, threshold: float) -> dict[str, Any]:
    """Gate block of evaluation.json.

    Raises:
        StepError: the metric is undefined on the test data.
    """
    value = evaluation.estimates[metric].value
    if not math.isfinite(value):
        raise StepError(f"{metric} is undefined on the test split; expected rows of every class in it")
    return judge(metric, value, threshold, GATE_METRICS[evaluation.problem_type][metric])


def evaluation_json(evaluation: Evaluation, gate: dict[str, Any]) -> dict[str, Any]:
    estimates = evaluation.estimates
    content = quality_metrics(
        evaluation.problem_type, estimates, evaluation.naive, evaluation.confusion, evaluation.curves
    )
    return {
        **content,
        "version": 0.0,
        "dataset": {"item_count": evaluation.rows},
        "gate": gate,
        "naive_baseline": evaluation.naive_comparison(HEADLINE[evaluation.problem_type]),
        "intervals": {name: {"low": finite(e.low), "high": finite(e.high)} for name, e in estimates.items()},
        "calibration": evaluation.calibration.to_json(),
        "confusion_labels": confusion_labels(evaluation.classes),
        "groups": {
            group.value: {
                "rows": group.rows,
                **({"label_mean": group.means.label, "prediction_mean": group.means.prediction} if group.means else {}),
                **{
                    name: {key: finite(x) for key, x in dataclasses.asdict(e).items()}
                    for name, e in group.estimates.items()
                },
            }
            for group in evaluation.groups
        },
    }


def prediction_table(evaluation: Evaluation, test: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """One row per test row: label, prediction, scores, and the columns that bias and weighting need."""
    label, data = settings.data.label, settings.data
    columns = [
        test[label].alias("label"),
        _labels(evaluation, evaluation.predicted, test[label].dtype).alias("prediction"),
    ]
    if evaluation.problem_type == "binary_classification":
        columns.append(pl.Series("score", evaluation.score))
    elif evaluation.problem_type == "multiclass_classification":
        columns += [pl.Series(f"score_{name}", evaluation.score[:, i]) for i, name in enumerate(evaluation.classes)]
    taken = {column.name for column in columns}
    kept = dict.fromkeys(name for name in (data.sensitive, data.weight, data.strata) if name and name not in taken)
    return pl.DataFrame([*columns, *(test[name] for name in kept)])


def _labels(evaluation: Evaluation, predicted: Floats, dtype: pl.DataType) -> pl.Series:
    if not evaluation.classes:
        return pl.Series(predicted)
    return pl.Series(evaluation.classes).gather(predicted.astype(np.int64)).cast(dtype)


def render(evaluation: Evaluation, model: TrainedModel, gate: dict[str, Any], settings: Settings) -> str:
    from model_build.reporting.report import render_report

    picture = PROJECT_ROOT / "docs" / "training-pipeline.svg"
    return render_report(evaluation, model.training, gate, settings, _read_picture(picture))


def _read_picture(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    run(main, NAME)
