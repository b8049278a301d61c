"""The model in ONNX, and proof that it predicts the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model_build.analysis.errors import DataError

if TYPE_CHECKING:
    import xgboost as xgb

INPUT = "features"
TOLERANCE = 1e-4


def export_onnx(booster: xgb.Booster, features: int) -> bytes:
    """ONNX model with one input, float32 [rows, features] named "features"; NaN is a missing value.

    The converter needs features named f0, f1, ...: the names are taken off a copy, the booster keeps its own.
    """
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    unnamed = booster.copy()
    unnamed.feature_names = [f"f{number}" for number in range(features)]
    unnamed.feature_types = None
    model = convert_xgboost(unnamed, name="model", initial_types=[(INPUT, FloatTensorType([None, features]))])
    model.doc_string = ""
    return bytes(model.SerializeToString(deterministic=True))


def predict_onnx(model: bytes, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the model predicts for features (n, f): probabilities (n, classes), or values (n,)."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    output = np.asarray(session.run([session.get_outputs()[-1].name], {INPUT: features})[0], dtype=np.float32)
    return output[:, 0] if output.ndim == 2 and output.shape[1] == 1 else output


def largest_difference(native: NDArray[np.float32], onnx: NDArray[np.float32]) -> float:
    """Largest absolute difference of native predictions (n,) or (n, k) and ONNX ones.

    Raises:
        DataError: it is above `TOLERANCE` (relative to values above 1), or not a number.
    """
    if native.ndim == 1 and onnx.ndim == 2:
        onnx = onnx[:, 1]
    difference = np.abs(native.astype(np.float64) - onnx.astype(np.float64))
    scaled = difference / np.maximum(1.0, np.abs(native))
    if not (scaled <= TOLERANCE).all():
        raise DataError(
            f"the ONNX model is off by {scaled.max():.2g} from the native one; expected at most {TOLERANCE:g}"
        )
    return float(difference.max())
