"""Rows of files to score, a bounded number at a time: as they were given, and what the model gets of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
import polars as pl

from model_build.analysis.errors import DataError
from model_build.analysis.features import Feature
from model_build.serving.cells import EXPECTED, Unreadable, number_reader, text_reader
from model_build.serving.formats import RequestError, quoted
from model_build.serving.parquet import plain
from model_build.steps.batch_csv import csv_frames
from model_build.steps.batch_files import is_json_lines, is_parquet

VALUES_AT_ONCE = 2_000_000
MOST_ROWS_AT_ONCE = 100_000
LINE = "line"
Value = TypeVar("Value")
Values = Sequence[Any] | pl.Series


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
        source = self._parquet if is_parquet(name) else self._json_lines if is_json_lines(name) else self._csv
        try:
            yield from source(path, name)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise DataError(f"{name}: {str(error).strip().splitlines()[0]}") from error

    def _csv(self, path: Path, name: str) -> Iterator[Rows]:
        first = 1
        for frame in csv_frames(path, name, lambda found: self._check_names(found, name), _at_once):
            given = frame.select(pl.when(pl.all() != "").then(pl.all()))
            others = _json_objects(given.drop(self.names), frame.height)
            yield Rows(first, given, self._scorable(frame, name, first), others)
            first += frame.height

    def _parquet(self, path: Path, name: str) -> Iterator[Rows]:
        table = pl.scan_parquet(path)
        columns = table.collect_schema()
        self._check_names(columns.names(), name)
        try:
            features = [plain(feature, columns[feature.name]) for feature in self.features]
        except RequestError as error:
            raise DataError(f"{name}: {error}") from error
        others = [column for column, kind in columns.items() if column not in self.names and _fits_json(kind)]
        at_once = _at_once(len(columns))
        first = 1
        for frame in table.collect_batches(chunk_size=at_once, lazy=True):
            for part in frame.iter_slices(at_once):
                scorable = self._scorable(part.select(features), name, first)
                yield Rows(first, part, scorable, _json_objects(part.select(others), part.height))
                first += part.height

    def _json_lines(self, path: Path, name: str) -> Iterator[Rows]:
        first = 1
        with path.open("rb") as file:
            lines = (line.strip() for line in file)
            while chunk := list(itertools.islice(filter(None, lines), _at_once(len(self.features)))):
                objects = [self._object(line, name, number) for number, line in enumerate(chunk, first)]
                features = {column: [content[column] for content in objects] for column in self.names}
                others = [orjson.dumps(_without(content, self.names)) for content in objects]
                given = pl.DataFrame({LINE: [line.decode() for line in chunk]})
                yield Rows(first, given, self._scorable(features, name, first), others)
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

    def _check_names(self, found: Sequence[str], where: str) -> None:
        if missing := [feature for feature in self.names if feature not in found]:
            raise DataError(f"{where}: feature {missing[0]!r} is missing; found {', '.join(found)[:300]}")
        if taken := [column for column in found if column in self.answer_names]:
            raise DataError(f"{where}: column {taken[0]!r} has the name of a prediction's; rename it")

    def _scorable(self, columns: pl.DataFrame | Mapping[str, Values], name: str, first: int) -> pl.DataFrame:
        return pl.DataFrame([self._column(feature, columns[feature.name], name, first) for feature in self.features])

    def _column(self, feature: Feature, values: Values, name: str, first: int) -> pl.Series:
        """What the server reads, and nothing that it refuses: text stripped, no null markers, numbers as numbers."""
        if feature.type == "string":
            return pl.Series(
                feature.name, _read(text_reader(self.null_values), values, feature, name, first), pl.String
            )
        read = number_reader(feature.type == "integral", self.null_values)
        numbers = pl.Series(feature.name, _read(read, values, feature, name, first), pl.Float64).fill_nan(None)
        return numbers.cast(pl.Int64) if feature.type == "integral" and _fits_int64(numbers) else numbers


def _read(read: Callable[[Any], Value], values: Values, feature: Feature, name: str, first: int) -> list[Value]:
    found: list[Value] = []
    for row, value in enumerate(values, first):
        try:
            found.append(read(value))
        except Unreadable:
            expected = EXPECTED[feature.type]
            raise DataError(
                f"{name}: row {row}, feature {feature.name!r}: {quoted(value)}; expected {expected}"
            ) from None
    return found


def _at_once(columns: int) -> int:
    return max(1, min(MOST_ROWS_AT_ONCE, VALUES_AT_ONCE // columns))


def _fits_int64(numbers: pl.Series) -> bool:
    """Whether the numbers are exact as 64-bit integers and as floats."""
    return bool((numbers.abs() <= 2**53).all())


def _fits_json(kind: pl.DataType) -> bool:
    return kind != pl.Binary and kind != pl.Object and not kind.is_nested()


def _json_objects(frame: pl.DataFrame, rows: int) -> list[bytes]:
    """A JSON object per row; a frame without columns does not know how many there are."""
    if not frame.width:
        return [b"{}"] * rows
    return frame.write_ndjson().encode().splitlines()


def _without(content: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in names}
