"""Raw values of a request to the model's numbers, one by one: for a few rows that is quicker than a table.

Equal to what the preprocess step and `Preprocessing.transform` do: text loses the blanks around it, null markers and
unknown categories are NaN. A test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_build.analysis.features import Feature
from model_build.serving.formats import RequestError, quoted

# Unicode's white space; Python's own strip() also takes the separators \x1c to \x1f.
BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
LARGEST = float(np.finfo(np.float32).max)
TRUTH = {"true": 1.0, "false": 0.0}
NAN = math.nan
EXPECTED = {
    "string": "text or no value",
    "integral": "a whole number or no value",
    "fractional": "a number or no value",
}
Row = Sequence[Any]


class Unreadable(Exception):
    """A value that is not of its feature's type."""


class Encoder:
    """The model's input from raw rows.

    Args:
        features: the model's, in its order.
        null_values: text that stands for a missing value.
    """

    def __init__(self, features: Sequence[Feature], null_values: Sequence[str]) -> None:
        self.features = tuple(features)
        self._readers = [_reader(feature, frozenset(null_values)) for feature in features]

    def encode(self, columns: Sequence[Row], first_row: int = 1) -> NDArray[np.float32]:
        """Model input of shape (rows, features) from one sequence of values per feature.

        Args:
            first_row: number of the first row in the request, for messages.

        Raises:
            RequestError: 400, with the row and the feature that can't be read.
        """
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


def _reader(feature: Feature, null_values: frozenset[str]) -> Callable[[Any], float]:
    if feature.type == "string":
        return _Categories(feature.categories or (), null_values).__getitem__
    return _number_reader(feature.type == "integral", null_values)


class _Categories(dict[Any, float]):
    """A category's code; what it does not hold is stripped, and NaN if it is still unknown."""

    def __init__(self, categories: Sequence[str], null_values: frozenset[str]) -> None:
        reachable = ((name, code) for code, name in enumerate(categories) if name not in null_values)
        super().__init__({name: float(code) for name, code in reachable if name == name.strip(BLANKS)})
        self[None] = NAN

    def __missing__(self, value: Any) -> float:
        if not isinstance(value, str):
            raise Unreadable
        return self.get(value.strip(BLANKS), NAN)


def _number_reader(integral: bool, null_values: frozenset[str]) -> Callable[[Any], float]:
    numeric_markers = frozenset(marker for marker in null_values if _is_number(marker))

    def from_text(text: str) -> float:
        text = text.strip(BLANKS)
        if text in null_values:
            return NAN
        try:
            return _parsed(text)
        except Unreadable:
            if integral and (truth := TRUTH.get(text.lower())) is not None:
                return truth
            raise

    def read(value: Any) -> float:
        if isinstance(value, str):
            number = from_text(value)
        elif value is None:
            return NAN
        elif isinstance(value, (int, float)) and (integral or not isinstance(value, bool)):
            number = NAN if numeric_markers and str(value) in numeric_markers else float(value)
        else:
            raise Unreadable
        if number != number:
            return NAN
        if -LARGEST <= number <= LARGEST and (not integral or number.is_integer()):
            return number
        raise Unreadable

    return read


def _parsed(text: str) -> float:
    """Python's float() without what only Python takes for a number: 1_000, other scripts' digits, separators."""
    if "_" in text or not text.isascii() or not text.isprintable():
        raise Unreadable
    try:
        return float(text)
    except ValueError:
        raise Unreadable from None


def _is_number(text: str) -> bool:
    try:
        return not math.isnan(_parsed(text))
    except Unreadable:
        return False
