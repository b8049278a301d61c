"""Requests with known answers: real rows and what the packaged model says to them, to ask a deployed one again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from model_build.analysis.features import Feature
from model_build.serving.predictor import Predictor

SMOKE = "smoke.json"
MOST_ROWS = 20


def smoke_cases(files: Mapping[str, bytes], test: pl.DataFrame) -> dict[str, Any]:
    """Content of smoke.json: the model's features, rows of the test split with these only, and the answers to them.

    Args:
        files: content of the model archive by file name.
        test: the test split.
    """
    with tempfile.TemporaryDirectory(prefix="smoke-") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        predictor = Predictor.load(Path(folder))
        features = predictor.preprocessing.features
        rows = test[smoke_rows(test, [feature.name for feature in features])].select(map(_as_asked, features))
        answers = predictor.predict(rows)
    return {
        "features": [{"name": feature.name, "type": feature.type} for feature in features],
        "rows": rows.to_dicts(),
        "answers": json.loads(answers.write_json()),
    }


def smoke_rows(test: pl.DataFrame, features: Sequence[str]) -> list[int]:
    """Positions of at most `MOST_ROWS` rows: the first that lacks each feature, the rest evenly over the split."""
    lacking = [found[0] for name in features if len(found := test[name].is_null().arg_true())]
    count = min(MOST_ROWS, test.height)
    even = [position * test.height // count for position in range(count)]
    return sorted(list(dict.fromkeys([*lacking, *even]))[:count])


def _as_asked(feature: Feature) -> pl.Expr:
    column = pl.col(feature.name)
    if feature.type == "fractional":
        return column.fill_nan(None)
    return column.cast(pl.Int64 if feature.type == "integral" else pl.String)
