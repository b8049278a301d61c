"""From raw columns to the model's numbers: fitted on the training split, used wherever the model predicts."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from model_build.analysis.errors import DataError
from model_build.settings import ProblemType

FeatureType = Literal["integral", "fractional", "string"]
VERSION = 1


@dataclasses.dataclass(frozen=True)
class Feature:
    """One raw column and one column of the model's input; a string's code is its position in `categories`."""

    name: str
    type: FeatureType
    categories: tuple[str, ...] | None = None

    def expression(self) -> pl.Expr:
        column = pl.col(self.name)
        if self.categories is not None:
            column = column.cast(pl.String).cast(pl.Enum(self.categories), strict=False).to_physical()
        return column.cast(pl.Float32).fill_null(float("nan"))


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """Fitted encoders. `classes` are the label's values in the order of the model's outputs; empty for a regression."""

    features: tuple[Feature, ...]
    label: str
    problem_type: ProblemType
    classes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @classmethod
    def fit(
        cls,
        train: pl.DataFrame,
        features: Sequence[str],
        label: str,
        problem_type: ProblemType,
        classes: Sequence[str] = (),
    ) -> Preprocessing:
        """Learn the order of every string column's categories: by mean label (class number), ties by name.

        Args:
            train: the training split only, raw columns.
            features: columns the model sees, in the model's order.
            classes: label values in the order of the model's outputs; for a binary label the positive one is last.

        Raises:
            DataError: a column is missing or of a type that can't be encoded, or the label holds an unknown class.
        """
        unfitted = cls((), label, problem_type, tuple(classes))
        known = train.drop_nulls(label) if train[label].null_count() else train
        target = unfitted.target(known)
        with ThreadPoolExecutor() as executor:
            fitted = executor.map(lambda name: _fit_feature(known[name], target), features)
            return dataclasses.replace(unfitted, features=tuple(fitted))

    def transform(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """Model input of shape (rows, features), C order; missing values and unknown categories are NaN.

        Raises:
            DataError: a feature's column is missing or holds text where a number belongs.
        """
        if missing := [name for name in self.names if name not in frame.columns]:
            raise DataError(f"column {missing[0]!r} is missing; expected {', '.join(self.names)}")
        try:
            encoded = frame.select(feature.expression() for feature in self.features)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"a numeric feature holds text: {str(error).splitlines()[0]}") from error
        return np.ascontiguousarray(encoded.to_numpy())

    def target(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Label as numbers, shape (rows,): the class number, or the value itself for a regression.

        Raises:
            DataError: the label column is missing, empty somewhere, or holds a value that is not one of `classes`.
        """
        if self.label not in frame.columns:
            raise DataError(f"label column {self.label!r} is missing; found {', '.join(frame.columns)}")
        label = frame[self.label]
        if self.problem_type == "regression":
            if not label.dtype.is_numeric():
                raise DataError(f"label column {self.label!r} holds {label.dtype} values; a regression needs numbers")
            codes = label.cast(pl.Float64)
        else:
            text = label.cast(pl.String)
            codes = text.cast(pl.Enum(self.classes), strict=False).to_physical()
            strange = text.filter(codes.is_null() & text.is_not_null())
            if len(strange):
                accepted = ", ".join(self.classes)
                raise DataError(
                    f"label column {self.label!r} holds {strange[0]!r} ({len(strange)} rows); expected {accepted}"
                )
        if codes.null_count():
            raise DataError(
                f"label column {self.label!r} is empty in {codes.null_count()} rows; expected it in every row"
            )
        return codes.cast(pl.Float64).to_numpy()

    def signature(self) -> dict[str, Any]:
        """Names, types and categories of the model's inputs, and its output classes, for callers of the model."""
        return {
            "version": VERSION,
            "problem_type": self.problem_type,
            "label": self.label,
            "classes": list(self.classes),
            "features": [
                {"name": feature.name, "type": feature.type}
                | ({} if feature.categories is None else {"categories": list(feature.categories)})
                for feature in self.features
            ],
        }

    def to_json(self) -> str:
        return json.dumps(self.signature(), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """The preprocessing that `to_json` wrote.

        Raises:
            DataError: the text is no preprocessing of this version.
        """
        try:
            content = json.loads(text)
            if content["version"] != VERSION:
                raise DataError(f"preprocessing.json is of version {content['version']}; expected {VERSION}")
            features = tuple(
                Feature(entry["name"], entry["type"], tuple(entry["categories"]) if "categories" in entry else None)
                for entry in content["features"]
            )
            return cls(
                features, content["label"], cast(ProblemType, content["problem_type"]), tuple(content["classes"])
            )
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"preprocessing.json can't be read: {error}") from error


def _feature_type(column: pl.Series) -> FeatureType:
    if column.dtype.is_integer() or column.dtype == pl.Boolean:
        return "integral"
    if column.dtype.is_float():
        return "fractional"
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        return "string"
    raise DataError(f"column {column.name!r} has type {column.dtype}; expected numbers, text or true/false")


def _fit_feature(column: pl.Series, target: NDArray[np.float64]) -> Feature:
    kind = _feature_type(column)
    return Feature(column.name, kind, _ordered_categories(column, target) if kind == "string" else None)


def _ordered_categories(column: pl.Series, target: NDArray[np.float64]) -> tuple[str, ...]:
    """Categories by their mean target; bincount adds in row order, so that the result never depends on threads."""
    kind = column.dtype
    if not isinstance(kind, pl.Enum):
        kind = pl.Enum(column.unique().drop_nulls().cast(pl.String).sort())
    names = kind.categories
    codes = column.cast(kind).to_physical().cast(pl.Int64).fill_null(len(names)).to_numpy()
    counts = np.bincount(codes, minlength=len(names) + 1)[: len(names)]
    sums = np.bincount(codes, weights=target, minlength=len(names) + 1)[: len(names)]
    means = pl.DataFrame({"name": names, "sum": sums, "count": counts}).filter(pl.col("count") > 0)
    return tuple(means.sort(pl.col("sum") / pl.col("count"), "name")["name"].to_list())
