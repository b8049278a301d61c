"""Train a gradient-boosted model and stop when the validation split no longer improves.

Hyperparameters are those of project.toml unless given: --rounds, --early_stopping_rounds and XGBoost's own names.
With --checkpoint-dir an interrupted training goes on from its newest checkpoint in it (on SageMaker: after a Spot
interruption); one that has finished leaves none. XGBoost's random draws start anew there, so a resumed training gives a
slightly other model than one that never stopped.
Writes into --model-dir: model.ubj, preprocessing.json, signature.json and training.json (hyperparameters, history,
label distribution); into --output-dir: history.csv.

    python -m model_build.steps.train --train out/train --validation out/validation \\
        --preprocessing out/preprocessing --model-dir out/model --max_depth 4
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb

from model_build.analysis.checkpoints import (
    Checkpoints,
    CheckpointWriter,
    History,
    early_stopping,
    join_histories,
    training_fingerprint,
)
from model_build.analysis.errors import DataError
from model_build.analysis.features import Preprocessing
from model_build.analysis.hyperparameters import booster_parameters, parse_hyperparameters
from model_build.settings import Settings, load_settings
from model_build.steps.command import BAD_USAGE, Parser, StepError, run, step_parser, write_json
from model_build.steps.model_files import MODEL, PREPROCESSING, SIGNATURE, TRAINING, read_preprocessing
from model_build.steps.tables import read_split

NAME = "train"


def main(argv: Sequence[str] | None = None) -> None:
    arguments, rest = _parser().parse_known_args(argv)
    settings = load_settings()
    hyperparameters = read_hyperparameters(rest, settings)
    preprocessing = read_preprocessing(arguments.preprocessing)
    train, validation = (read_split(folder) for folder in (arguments.train, arguments.validation))
    parameters = booster_parameters(
        hyperparameters, preprocessing.problem_type, len(preprocessing.classes), settings.data.seed, thread_count()
    )
    checkpoints = None
    if arguments.checkpoint_dir is not None:
        fingerprint = training_fingerprint({**parameters, **hyperparameters}, preprocessing.names, train.height)
        checkpoints = Checkpoints(arguments.checkpoint_dir, fingerprint)
    booster, history = fit(
        train, validation, preprocessing, parameters, hyperparameters, settings.data.weight, checkpoints
    )
    record = training_record(train, validation, preprocessing, hyperparameters, history, booster, settings.data.weight)
    save(booster, preprocessing, record, arguments.model_dir)
    if arguments.output_dir is not None:
        arguments.output_dir.mkdir(parents=True, exist_ok=True)
        columns = {f"{split}_{name}": values for split, metrics in history.items() for name, values in metrics.items()}
        pl.DataFrame(columns).with_row_index("round").write_csv(arguments.output_dir / "history.csv")
    final = {name: values[booster.num_boosted_rounds() - 1] for name, values in record["history"]["validation"].items()}
    if checkpoints is not None:
        checkpoints.finish()
    scores = ", ".join(f"validation {name} {value:.4f}" for name, value in final.items())
    print(f"{booster.num_boosted_rounds()} rounds on {train.height:,} rows: {scores}")


def _parser() -> Parser:
    parser = step_parser(NAME, __doc__)
    parser.folder("--train", "training split", os.environ.get("SM_CHANNEL_TRAIN"))
    parser.folder("--validation", "validation split", os.environ.get("SM_CHANNEL_VALIDATION"))
    parser.folder("--preprocessing", "fitted encoders", os.environ.get("SM_CHANNEL_PREPROCESSING"))
    parser.folder("--model-dir", "where the model goes", os.environ.get("SM_MODEL_DIR"))
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=os.environ.get("SM_OUTPUT_DATA_DIR"),
        metavar="DIR",
        help="where the history goes",
    )
    parser.add_argument("--checkpoint-dir", type=Path, metavar="DIR", help="where checkpoints are kept and looked for")
    parser.add_argument_group("hyperparameters", "--NAME VALUE, for example --max_depth 4")
    parser.allow_abbrev = False
    return parser


def read_hyperparameters(rest: Sequence[str], settings: Settings) -> dict[str, int | float]:
    """Hyperparameters of project.toml, overridden by the `--name value` pairs in `rest`."""
    names, values = rest[0::2], rest[1::2]
    for name in names:
        if not name.startswith("--"):
            raise StepError(f"unexpected argument {name!r}; expected --NAME VALUE", BAD_USAGE)
    if len(names) != len(values):
        raise StepError(f"{names[-1]} has no value; expected --NAME VALUE", BAD_USAGE)
    defaults = {
        "rounds": settings.training.rounds,
        "early_stopping_rounds": settings.training.early_stopping_rounds,
        **settings.training.hyperparameters,
    }
    try:
        return parse_hyperparameters(defaults | {name[2:]: value for name, value in zip(names, values, strict=True)})
    except DataError as error:
        raise StepError(str(error), BAD_USAGE) from error


def thread_count() -> int:
    """Cores of the machine SageMaker gave us, else the threads we are allowed, else the cores of this machine."""
    allowed = os.environ.get("SM_NUM_CPUS") or os.environ.get("OMP_NUM_THREADS") or ""
    return int(allowed) if allowed.isdigit() and int(allowed) else os.cpu_count() or 1


def fit(
    train: pl.DataFrame,
    validation: pl.DataFrame,
    preprocessing: Preprocessing,
    parameters: dict[str, Any],
    hyperparameters: Mapping[str, int | float],
    weight: str,
    checkpoints: Checkpoints | None,
) -> tuple[xgb.Booster, History]:
    """The best booster and the metrics of every round, {split: {metric: [value per round]}}."""
    threads = parameters["nthread"]
    train_matrix = xgb.QuantileDMatrix(**_arrays(train, preprocessing, weight), nthread=threads)
    validation_matrix = xgb.QuantileDMatrix(
        **_arrays(validation, preprocessing, weight), ref=train_matrix, nthread=threads
    )
    earlier = checkpoints.newest(parameters) if checkpoints else None
    done = earlier.booster.num_boosted_rounds() if earlier else 0
    before: History = earlier.history if earlier else {}
    if earlier:
        print(f"going on from {earlier.name} with {done} rounds")
    callbacks: list[xgb.callback.TrainingCallback] = [
        early_stopping(int(hyperparameters["early_stopping_rounds"]), "validation", earlier)
    ]
    if checkpoints is not None:
        callbacks.append(CheckpointWriter(checkpoints, before))
    history: History = {}
    booster = xgb.train(
        parameters,
        train_matrix,
        max(int(hyperparameters["rounds"]) - done, 0),
        evals=[(train_matrix, "train"), (validation_matrix, "validation")],
        evals_result=history,
        callbacks=callbacks,
        xgb_model=earlier.booster if earlier else None,
        verbose_eval=False,
    )
    return booster, join_histories(before, history)


def _arrays(frame: pl.DataFrame, preprocessing: Preprocessing, weight: str) -> dict[str, Any]:
    return {
        "data": preprocessing.transform(frame),
        "label": preprocessing.target(frame),
        "weight": frame[weight].cast(pl.Float64).to_numpy() if weight else None,
        "feature_names": preprocessing.names,
    }


def training_record(
    train: pl.DataFrame,
    validation: pl.DataFrame,
    preprocessing: Preprocessing,
    hyperparameters: Mapping[str, int | float],
    history: History,
    booster: xgb.Booster,
    weight: str,
) -> dict[str, Any]:
    """What training.json says; `naive` is what a model without features would predict."""
    target = preprocessing.target(train)
    weights = train[weight].cast(pl.Float64).to_numpy() if weight else np.ones(train.height)
    if preprocessing.classes:
        counts = np.bincount(target.astype(np.int64), weights=weights, minlength=len(preprocessing.classes))
        naive: dict[str, Any] = {"class_shares": (counts / counts.sum()).tolist()}
    else:
        naive = {"mean": float(np.average(target, weights=weights))}
    gain = booster.get_score(importance_type="total_gain")
    total = sum(float(value) for value in gain.values() if not isinstance(value, list)) or 1.0
    importance = {name: float(gain.get(name, 0.0)) / total for name in preprocessing.names}  # type: ignore[arg-type]
    return {
        "algorithm": "XGBoost",
        "xgboost_version": xgb.__version__,
        "hyperparameters": dict(hyperparameters),
        "rounds": booster.num_boosted_rounds(),
        "rows": {"train": train.height, "validation": validation.height},
        "naive": naive,
        "importance": importance,
        "history": {
            split: {name: [None if value != value else value for value in values] for name, values in metrics.items()}
            for split, metrics in history.items()
        },
    }


def save(booster: xgb.Booster, preprocessing: Preprocessing, record: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    booster.save_model(folder / MODEL)
    (folder / PREPROCESSING).write_text(preprocessing.to_json(), encoding="utf-8", newline="\n")
    write_json(folder / SIGNATURE, preprocessing.signature())
    write_json(folder / TRAINING, record)


if __name__ == "__main__":
    run(main, NAME)
