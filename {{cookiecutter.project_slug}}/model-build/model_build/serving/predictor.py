"""The packaged model, ready to answer: as ONNX at once and for few rows, natively for many rows and explanations."""

from __future__ import annotations

import dataclasses
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import polars as pl

from model_build.analysis.errors import DataError
from model_build.analysis.features import Preprocessing
from model_build.serving.answers import Predictions, score_names
from model_build.serving.limits import threads_per_worker
from model_build.serving.native import NativeModel, Numbers

MODEL, NATIVE, PREPROCESSING, SIGNATURE = "model.onnx", "model.ubj", "preprocessing.json", "signature.json"
NATIVE_ROWS = 200  # from here on XGBoost is the quicker one: measured by benchmarks/serving.py --crossover
NATIVE_SECONDS = 60
POSITIVE = 0.5


@dataclasses.dataclass(frozen=True)
class Predictor:
    """Both forms of one model; they agree within 1e-4, which the package step has proved."""

    preprocessing: Preprocessing
    session: ort.InferenceSession
    native: Future[NativeModel]
    input: str
    output: str

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """The model that the package step wrote into `folder`; its native form is loaded in the background.

        Raises:
            OSError: a file is missing.
            DataError: the preprocessing can't be read, or the signature is that of another model.
            RuntimeError: ONNX Runtime does not accept the model.
        """
        preprocessing = Preprocessing.from_json((folder / PREPROCESSING).read_text(encoding="utf-8"))
        if Preprocessing.from_json((folder / SIGNATURE).read_text(encoding="utf-8")) != preprocessing:
            raise DataError(f"{SIGNATURE} and {PREPROCESSING} differ; expected both from one package step")
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = ort.InferenceSession((folder / MODEL).read_bytes(), options, providers=["CPUExecutionProvider"])
        native = _in_background(folder / NATIVE)
        return cls(preprocessing, session, native, session.get_inputs()[0].name, session.get_outputs()[-1].name)

    @property
    def healthy(self) -> bool:
        """False once the native form has turned out to be unreadable."""
        return not (self.native.done() and self.native.exception())

    def ask(self, features: Numbers, explained: bool = False) -> Predictions:
        """Predictions for encoded rows (rows, features).

        Args:
            explained: with every feature's contribution; waits until the native form is loaded.
        """
        scores = self._scores(features)
        chosen = None
        if len(self.preprocessing.classes) == 2:
            chosen = (scores > POSITIVE).astype(np.intp)
        elif self.preprocessing.classes:
            chosen = scores.argmax(axis=1)
        if not explained:
            return Predictions(scores, chosen)
        native = self.native.result(timeout=NATIVE_SECONDS)
        return Predictions(scores, chosen, native.contributions(features, chosen))

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row per row: `prediction`, and `score` of a binary model or `score_<class>` of one with more classes.

        Raises:
            DataError: a feature's column is missing or of the wrong type.
        """
        answered = self.ask(self.preprocessing.transform(rows))
        classes = self.preprocessing.classes
        if answered.chosen is None:
            return pl.DataFrame({"prediction": answered.scores})
        prediction = pl.Series("prediction", classes, dtype=pl.String).gather(answered.chosen)
        columns = answered.scores.reshape(len(prediction), -1).T
        named = zip(score_names(classes), columns, strict=True)
        return pl.DataFrame([prediction, *(pl.Series(name, column) for name, column in named)])

    def _scores(self, features: Numbers) -> Numbers:
        if len(features) >= NATIVE_ROWS and self.native.done() and self.healthy:
            return self.native.result().scores(features)
        raw: Numbers = self.session.run([self.output], {self.input: features})[0]
        classes = len(self.preprocessing.classes)
        if classes == 2:
            return raw[:, 1]
        return raw.reshape(-1) if not classes else raw


def _in_background(path: Path) -> Future[NativeModel]:
    path.stat()
    executor = ThreadPoolExecutor(1, thread_name_prefix="native-model")
    native = executor.submit(NativeModel, path, threads_per_worker())
    executor.shutdown(wait=False)
    return native
