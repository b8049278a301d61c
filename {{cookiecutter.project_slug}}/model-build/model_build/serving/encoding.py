"""Raw values of a request to the model's numbers, one by one: for a few rows that is quicker than a table.

Equal to what the preprocess step and `Preprocessing.transform` do: text loses the blanks around it, null markers and
unknown categories are NaN. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_build.analysis.features import Feature
from model_build.serving.cells import EXPECTED, NAN, Unreadable, number_reader, text_reader
from model_build.serving.formats import RequestError, quoted

Row = Sequence[Any]


class Encoder:
    """The model's input from raw rows.

    Args:
        features: the model's, in its order.
        null_values: text that stands for a missing value.
    """

    def __init__(self, features: Sequence[Feature], null_values: Sequence[str]) -> None:
        self.features = tuple(features)
        self._readers = [_reader(feature, null_values) for feature in features]

    def encode(self, columns: Sequence[Row], first_row: int = 1) -> NDArray[np.float32]:
        """Model input of shape (rows, features) from one sequence of values per feature.

        Args:
            first_row: number of the first row in the request, for messages.

        Raises:
            RequestError: 400, with the row and the feature that can't be read.
        """
        if len(columns[0]) == 1:
            with suppress(Unreadable, TypeError):  # below it is known which value that was
                values = zip(self._readers, columns, strict=True)
                return np.array([[read(value) for read, (value,) in values]], np.float32)
        codes: list[float] = []
        for position, column in enumerate(columns):
            try:
                codes.extend(map(self._readers[position], column))
            except (Unreadable, TypeError):
                raise self._complaint(position, column, first_row) from None
        return np.ascontiguousarray(np.array(codes, dtype=np.float32).reshape(len(self.features), -1).T)

    def _complaint(self, position: int, column: Row, first_row: int) -> RequestError:
        feature, read = self.features[position], self._readers[position]
        for number, value in enumerate(column, first_row):
            try:
                read(value)
            except (Unreadable, TypeError):
                expected = EXPECTED[feature.type]
                return RequestError(f"row {number}, feature {feature.name!r}: {quoted(value)}; expected {expected}")
        raise AssertionError("every value can be read")


def _reader(feature: Feature, null_values: Sequence[str]) -> Callable[[Any], float]:
    if feature.type == "string":
        return _Categories(feature.categories or (), text_reader(null_values)).__getitem__
    return number_reader(feature.type == "integral", null_values)


class _Categories(dict[Any, float]):
    """A category's code; what it does not hold is read as text, and NaN if it is still unknown."""

    def __init__(self, categories: Sequence[str], read: Callable[[Any], str | None]) -> None:
        super().__init__({name: float(code) for code, name in enumerate(categories) if read(name) == name})
        self._read = read
        self[None] = NAN

    def __missing__(self, value: Any) -> float:
        return self.get(self._read(value), NAN)
