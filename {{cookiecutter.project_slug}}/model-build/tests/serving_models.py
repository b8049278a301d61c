"""Small models of every problem type, as the package step writes them, and a caller of their server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import xgboost as xgb
from starlette.testclient import TestClient

from model_build.analysis.features import Preprocessing
from model_build.analysis.onnx_export import export_onnx
from model_build.settings import ProblemType

NULL_VALUES = ["", "?"]
FEATURES = ["age", "work", "hours"]
ROWS: list[dict[str, Any]] = [
    {"age": 39, "work": "Private", "hours": 40.5},
    {"age": None, "work": "never seen", "hours": 13},
    {"age": 28, "work": None, "hours": None},
]
CSV_ROWS = "39,Private,40.5\n,never seen,13\n28,?,?\n"
SCHEMA = {"age": pl.Int64, "work": pl.String, "hours": pl.Float64}
CLASSES: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": ("no", "yes"),
    "multiclass_classification": ("low", 'mid,"dle', "100%"),
    "regression": (),
}
OBJECTIVES: dict[ProblemType, dict[str, Any]] = {
    "binary_classification": {"objective": "binary:logistic"},
    "multiclass_classification": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}
EXPLAIN = {"X-Amzn-SageMaker-Custom-Attributes": "attributions=true"}


def write_model(folder: Path, problem_type: ProblemType) -> None:
    """A small model of `problem_type`, as the package step writes it."""
    random = np.random.default_rng(1)
    age = random.integers(18, 90, 300)
    work = random.choice(["Private", "Gov", "Self"], 300)
    classes = CLASSES[problem_type]
    label: list[Any] = [classes[int(a) % len(classes)] for a in age] if classes else (age * 2.0).tolist()
    frame = pl.DataFrame({"age": age, "work": work, "hours": random.normal(40, 5, 300), "label": label})
    preprocessing = Preprocessing.fit(frame, FEATURES, "label", problem_type, classes)
    matrix = xgb.DMatrix(preprocessing.transform(frame), preprocessing.target(frame), feature_names=FEATURES)
    booster = xgb.train({"max_depth": 3, **OBJECTIVES[problem_type]}, matrix, 5)
    (folder / "model.onnx").write_bytes(export_onnx(booster, len(FEATURES)))
    booster.save_model(folder / "model.ubj")
    for name in ("preprocessing.json", "signature.json"):
        (folder / name).write_text(preprocessing.to_json())


def ask(
    client: TestClient, body: str | bytes, media: str = "application/json", accept: str | None = None, **more: str
) -> Any:
    headers = {"content-type": media, **({"accept": accept} if accept else {}), **more}
    return client.post("/invocations", content=body, headers=headers)
