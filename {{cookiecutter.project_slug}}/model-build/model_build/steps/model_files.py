"""Files of a trained model, as a folder or as SageMaker's `model.tar.gz`."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model_build.analysis.features import Preprocessing
from model_build.steps.command import BAD_USAGE, StepError, read_json

if TYPE_CHECKING:
    import xgboost as xgb

ARCHIVE = "model.tar.gz"
MODEL, ONNX = "model.ubj", "model.onnx"
PREPROCESSING, SIGNATURE, TRAINING = "preprocessing.json", "signature.json", "training.json"


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    booster: xgb.Booster
    preprocessing: Preprocessing
    training: dict[str, Any]

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probability of the positive class (rows,), of every class (rows, classes), or the predicted value (rows,)."""
        return np.asarray(self.booster.inplace_predict(features, validate_features=False), dtype=np.float32)


def read_preprocessing(folder: Path) -> Preprocessing:
    """Encoders that the preprocess step fitted.

    Raises:
        StepError: the folder holds none.
    """
    path = folder / PREPROCESSING
    if not path.is_file():
        raise StepError(f"{path} does not exist; expected the output of an earlier step", BAD_USAGE)
    return Preprocessing.from_json(path.read_text(encoding="utf-8"))


@contextmanager
def model_folder(folder: Path) -> Iterator[Path]:
    """A folder with the model's files, unpacked into a temporary one when `folder` holds the archive."""
    archive = folder / ARCHIVE
    if not archive.is_file():
        yield folder
        return
    unpacked = Path(tempfile.mkdtemp(prefix="model-"))
    try:
        _unpack(archive, unpacked)
        yield unpacked
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise StepError(f"{archive} is damaged or no archive; expected the output of the train step") from error


def read_model(folder: Path) -> TrainedModel:
    """The model in `folder`, which holds `model.tar.gz` or its content.

    Raises:
        StepError: a file of the model is missing or unreadable.
    """
    import xgboost as xgb

    with model_folder(folder) as files:
        if not (files / MODEL).is_file():
            raise StepError(
                f"{folder} holds neither {ARCHIVE} nor {MODEL}; expected the output of the train step", BAD_USAGE
            )
        try:
            booster = xgb.Booster(model_file=files / MODEL)
        except xgb.core.XGBoostError as error:
            raise StepError(
                f"{MODEL} in {folder} is damaged or no XGBoost model; expected the output of the train step"
            ) from error
        return TrainedModel(booster, read_preprocessing(files), read_json(files / TRAINING))
