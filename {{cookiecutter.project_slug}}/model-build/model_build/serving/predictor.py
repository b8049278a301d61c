"""The packaged model, ready to answer: fitted preprocessing and ONNX session, without XGBoost."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime as ort
import polars as pl
from numpy.typing import NDArray

from model_build.analysis.features import Preprocessing

MODEL, PREPROCESSING = "model.onnx", "preprocessing.json"


@dataclasses.dataclass(frozen=True)
class Predictor:
    preprocessing: Preprocessing
    session: ort.InferenceSession

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """The model that the package step wrote into `folder`.

        Raises:
            OSError: a file is missing.
            DataError: the preprocessing can't be read.
            RuntimeError: ONNX Runtime does not accept the model.
        """
        preprocessing = Preprocessing.from_json((folder / PREPROCESSING).read_text(encoding="utf-8"))
        options = ort.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = ort.InferenceSession((folder / MODEL).read_bytes(), options, providers=["CPUExecutionProvider"])
        return cls(preprocessing, session)

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row per row: `prediction`, and `score` of a binary model or `score_<class>` of one with more classes.

        Raises:
            DataError: a feature's column is missing or of the wrong type.
        """
        features = self.preprocessing.transform(rows)
        output = self.session.get_outputs()[-1].name
        raw: NDArray[np.float32] = self.session.run([output], {self.session.get_inputs()[0].name: features})[0]
        classes = self.preprocessing.classes
        if not classes:
            return pl.DataFrame({"prediction": raw.reshape(-1)})
        scores = raw.reshape(len(features), -1)
        prediction = pl.Series("prediction", classes, dtype=pl.String).gather(scores.argmax(axis=1))
        if len(classes) == 2:
            return pl.DataFrame([prediction, pl.Series("score", scores[:, 1])])
        named = (pl.Series(f"score_{name}", scores[:, position]) for position, name in enumerate(classes))
        return pl.DataFrame([prediction, *named])
