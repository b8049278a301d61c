"""The model in XGBoost's own form: quicker for many rows, and the one that explains its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]


class NativeModel:
    """Importing XGBoost takes about a second, so it is done here and not when the module is imported.

    Args:
        path: model.ubj.
        threads: processors one request may use.
    """

    def __init__(self, path: Path, threads: int) -> None:
        import xgboost as xgb

        self._booster = xgb.Booster({"nthread": threads}, model_file=path)
        self._threads = threads

    def scores(self, features: Numbers) -> Numbers:
        """Probability of the positive class (rows,), of each class (rows, classes), or predicted values (rows,)."""
        scores = self._booster.inplace_predict(features, validate_features=False)
        return np.asarray(scores, dtype=np.float32)

    def contributions(self, features: Numbers, chosen: NDArray[np.intp] | None) -> Numbers:
        """Exact TreeSHAP values (rows, features + 1) in margin units, the base value last; a row's sum is its margin.

        Args:
            chosen: the class to explain of each row, used where the model has a margin per class.
        """
        import xgboost as xgb

        matrix = xgb.DMatrix(features, nthread=self._threads)
        values = np.asarray(self._booster.predict(matrix, pred_contribs=True, validate_features=False), np.float32)
        if values.ndim == 3:
            assert chosen is not None
            return np.ascontiguousarray(values[np.arange(len(values)), chosen])
        return values
