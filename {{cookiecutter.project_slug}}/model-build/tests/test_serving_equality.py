"""The server answers what the native model answers: 10,000 rows in every format, in calls of every size."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from serving_models import ask
from starlette.testclient import TestClient
from step_outputs import StepOutputs

from model_build.serving.app import create_app
from model_build.serving.predictor import NATIVE_ROWS, Predictor
from model_build.settings import load_settings
from model_build.steps.model_files import model_folder, read_model

ROWS, TOLERANCE = 10_000, 1e-4
SIZES = [1, 1, 2, 7, 50, NATIVE_ROWS - 1, NATIVE_ROWS, 1000, 2500]


def sample(steps: StepOutputs, names: list[str]) -> pl.DataFrame:
    """Rows of the project's data, drawn again and again, with values missing and categories never seen."""
    random = np.random.default_rng(7)
    frame = pl.concat([pl.read_parquet(steps.root / split / "data.parquet") for split in ("train", "test")])
    frame = frame.select(names).with_columns(pl.col(pl.Enum).cast(pl.String), pl.col(pl.Boolean).cast(pl.Int8))
    frame = frame[random.integers(0, frame.height, ROWS)]
    return frame.with_columns(
        pl.when(pl.Series(random.random(ROWS) > 0.05)).then(pl.col(name)).alias(name) for name in names
    ).with_columns(
        pl.when(pl.Series(random.random(ROWS) > 0.02)).then(pl.col(name)).otherwise(pl.lit("never seen")).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    )


def as_csv(rows: pl.DataFrame) -> bytes:
    return rows.write_csv(include_header=False, null_value="?").encode()


def as_parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


WRITE: dict[str, tuple[str, Callable[[pl.DataFrame], bytes]]] = {
    "csv": ("text/csv", as_csv),
    "json objects": ("application/json", lambda rows: json.dumps({"instances": rows.to_dicts()}).encode()),
    "json lists": ("application/json", lambda rows: json.dumps(rows.rows()).encode()),
    "json lines": ("application/jsonlines", lambda rows: rows.write_ndjson().encode()),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
}
ANSWERED = {"csv": "text/csv", "json lines": "application/jsonlines"}


def read(text: str, media: str, classes: tuple[str, ...]) -> list[list[Any]]:
    """Rows of an answer: the predicted class, if there are any, and its numbers."""
    if media == "text/csv":
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline="")))
    elif media == "application/jsonlines":
        rows = [list(json.loads(line).values()) for line in text.splitlines()]
    else:
        rows = [list(row.values()) for row in json.loads(text)["predictions"]]
    split = 1 if classes else 0
    return [[*row[:split], *map(float, row[split:])] for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("form", list(WRITE))
def test_ten_thousand_rows_are_answered_as_the_native_model_does(steps: StepOutputs, form: str) -> None:
    model = read_model(steps.root / "model")
    rows = sample(steps, model.preprocessing.names)
    native = model.predict(model.preprocessing.transform(rows)).reshape(ROWS, -1)
    with model_folder(steps.root / "package") as folder:
        predictor = Predictor.load(Path(folder))
        predictor.native.result()
    client = TestClient(create_app(predictor, load_settings().data.null_values))
    media, write = WRITE[form]
    accept = ANSWERED.get(form, "application/json")
    answered: list[list[Any]] = []
    sizes = np.random.default_rng(3).permutation(SIZES * ROWS)
    for size in sizes.tolist():
        part = rows.slice(len(answered), size)
        answered += read(ask(client, write(part), media, accept).text, accept, predictor.preprocessing.classes)
        if len(answered) == ROWS:
            break
    check(answered, native, predictor.preprocessing.classes)


def check(answered: list[list[Any]], native: NDArray[np.float32], classes: tuple[str, ...]) -> None:
    width = native.shape[1]
    numbers = np.array([row[-width:] for row in answered])
    np.testing.assert_allclose(numbers, native, rtol=TOLERANCE, atol=TOLERANCE)
    if not classes:
        return
    scores = np.column_stack([1 - native, native]) if width == 1 else native
    ordered = np.sort(scores, axis=1)
    for row, score, sure in zip(answered, scores, ordered[:, -1] - ordered[:, -2] > 2 * TOLERANCE, strict=True):
        assert row[0] == classes[score.argmax()] or not sure
