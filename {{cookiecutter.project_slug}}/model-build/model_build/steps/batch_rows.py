"""Rows of files to score, a bounded number at a time: as they were given, and what the model gets of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from model_build.analysis.errors import DataError
from model_build.analysis.features import Feature
from model_build.steps.batch_files import is_json_lines, is_parquet

VALUES_AT_ONCE = 2_000_000
MOST_ROWS_AT_ONCE = 100_000
LINE = "line"
TEXTS = (pl.String, pl.Categorical, pl.Enum)


@dataclasses.dataclass(frozen=True)
class Rows:
    """Consecutive rows of a file, the first of which has number `first` (from 1).

    `given` is what to give back later. `features` go to the model. `others` are JSON objects of the other columns.
    """

    first: int
    given: pl.DataFrame
    features: pl.DataFrame
    others: list[bytes]


@dataclasses.dataclass(frozen=True)
class Reader:
    """Reads files for a model: its features, what stands for a missing value, names that its answer will take."""

    features: Sequence[Feature]
    null_values: Sequence[str]
    answer_names: Sequence[str]

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    def read(self, path: Path, name: str) -> Iterator[Rows]:
        """The rows of a file whose name for messages is `name`, in order.

        Raises:
            DataError: the file can't be read, lacks a feature, or holds a row that can't be scored.
        """
        try:
            yield from self._json_lines(path, name) if is_json_lines(name) else self._table(path, name)
        except pl.exceptions.NoDataError as error:
            raise DataError(f"{name} is empty; expected a header and rows") from error
        except pl.exceptions.PolarsError as error:
            raise DataError(f"{name}: {str(error).strip().splitlines()[0]}") from error

    def _table(self, path: Path, name: str) -> Iterator[Rows]:
        table = pl.scan_parquet(path) if is_parquet(name) else pl.scan_csv(path, infer_schema=False)
        columns = table.collect_schema()
        self._check_names(columns.names(), name)
        others = [column for column, kind in columns.items() if column not in self.names and _fits_json(kind)]
        at_once = max(1, min(MOST_ROWS_AT_ONCE, VALUES_AT_ONCE // len(columns)))
        first = 1
        for frame in table.collect_batches(chunk_size=at_once, lazy=True):
            for part in frame.iter_slices(at_once):
                features = self._scorable([part[feature.name] for feature in self.features], name, first)
                yield Rows(first, part, features, _json_objects(part.select(others)))
                first += part.height

    def _json_lines(self, path: Path, name: str) -> Iterator[Rows]:
        first = 1
        at_once = max(1, min(MOST_ROWS_AT_ONCE, VALUES_AT_ONCE // len(self.features)))
        with path.open("rb") as file:
            lines = (line.strip() for line in file)
            while chunk := list(itertools.islice(filter(None, lines), at_once)):
                objects = [self._object(line, name, number) for number, line in enumerate(chunk, first)]
                columns = [
                    pl.Series(feature.name, self._texts(feature, objects, name, first)) for feature in self.features
                ]
                others = [orjson.dumps(_without(content, self.names)) for content in objects]
                given = pl.DataFrame({LINE: [line.decode() for line in chunk]})
                yield Rows(first, given, self._scorable(columns, name, first), others)
                first += len(chunk)

    def _object(self, line: bytes, name: str, row: int) -> dict[str, Any]:
        try:
            content = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataError(f"{name}: row {row} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise DataError(f"{name}: row {row} is no JSON object; expected one with {', '.join(self.names)}")
        self._check_names(list(content), f"{name}: row {row}")
        return content

    def _texts(self, feature: Feature, objects: list[dict[str, Any]], name: str, first: int) -> list[str | None]:
        accepted = (str,) if feature.type == "string" else (int, float, str)
        values = [content[feature.name] for content in objects]
        for row, value in enumerate(values, first):
            if value is not None and not isinstance(value, accepted):
                raise _unscorable(feature, name, row, value)
        return [None if value is None else str(value) for value in values]

    def _check_names(self, found: Sequence[str], where: str) -> None:
        if missing := [feature for feature in self.names if feature not in found]:
            raise DataError(f"{where}: feature {missing[0]!r} is missing; found {', '.join(found)[:300]}")
        if taken := [column for column in found if column in self.answer_names]:
            raise DataError(f"{where}: column {taken[0]!r} has the name of a prediction's; rename it")

    def _scorable(self, columns: Sequence[pl.Series], name: str, first: int) -> pl.DataFrame:
        pairs = zip(self.features, columns, strict=True)
        return pl.DataFrame([self._column(feature, column, name, first) for feature, column in pairs])

    def _column(self, feature: Feature, column: pl.Series, name: str, first: int) -> pl.Series:
        """As the server reads it: text without blanks around it, null markers as null, numbers as numbers."""
        kind, text = column.dtype, column
        if kind in TEXTS or kind == pl.Null:
            stripped = column.cast(pl.String).str.strip_chars()
            text = stripped.set(stripped.is_in(list(self.null_values)), None)
        elif feature.type == "string" or not (kind.is_numeric() or kind == pl.Boolean):
            expected = "text" if feature.type == "string" else "numbers"
            raise DataError(f"{name}: feature {feature.name!r} has type {kind}; expected {expected}")
        if feature.type == "string":
            return text
        if text.dtype == pl.String:
            text = text.str.to_lowercase().replace({"true": "1", "false": "0"})
        numbers = text.cast(pl.Float64, strict=False)
        wrong = ((numbers.is_null() & text.is_not_null()) | numbers.is_infinite().fill_null(value=False)).arg_true()
        if len(wrong):
            raise _unscorable(feature, name, first + wrong[0], column[wrong[0]])
        numbers = numbers.fill_nan(None)
        whole = feature.type == "integral" and bool((numbers == numbers.round()).all())
        return numbers.cast(pl.Int64, strict=False) if whole and _fits_int64(numbers) else numbers


def _unscorable(feature: Feature, name: str, row: int, value: object) -> DataError:
    expected = "text" if feature.type == "string" else "a number"
    return DataError(
        f"{name}: row {row}, feature {feature.name!r}: {str(value)[:80]!r}; expected {expected} or no value"
    )


def _fits_int64(numbers: pl.Series) -> bool:
    """Whether the numbers are exact as 64-bit integers and as floats."""
    return bool((numbers.abs() <= 2**53).all())


def _fits_json(kind: pl.DataType) -> bool:
    return kind != pl.Binary and kind != pl.Object and not kind.is_nested()


def _json_objects(frame: pl.DataFrame) -> list[bytes]:
    """A JSON object per row; empty ones where the frame has no columns."""
    if not frame.width:
        return [b"{}"] * frame.height
    return frame.write_ndjson().encode().splitlines()


def _without(content: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in names}
