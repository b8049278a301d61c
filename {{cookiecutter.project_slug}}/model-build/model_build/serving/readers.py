"""Rows out of a request's body, some thousand at a time, so that a large body isn't held as Python objects."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from model_build.serving.encoding import Encoder, Row
from model_build.serving.formats import CSV, JSON, JSON_LINES, PARQUET, RequestError, quoted
from model_build.serving.parquet import parquet_columns

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

CHUNK = 8192
SMALL = 65536  # bytes
Rows = Iterator[Row]


def read_features(body: bytes, media: str, encoder: Encoder) -> NDArray[np.float32]:
    """Model input of shape (rows, features) from the rows of a request.

    Raises:
        RequestError: 400, with the row and the feature that can't be read; 413, too many rows.
    """
    chunks: list[NDArray[np.float32]] = []
    row = 1
    try:
        for columns in _columns(body, media, encoder):
            chunks.append(encoder.encode(columns, row))
            row += len(chunks[-1])
    except (UnicodeDecodeError, orjson.JSONDecodeError, csv.Error) as error:
        raise RequestError(f"the body is no {media}: {error}") from error
    if not chunks:
        raise RequestError("the body holds no rows; expected at least one")
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)


def csv_reader(text: Iterable[str]) -> CsvReader:
    """Lines of a CSV as this package understands one; empty lines are no rows."""
    return csv.reader(text, strict=True)


def _columns(body: bytes, media: str, encoder: Encoder) -> Iterator[Sequence[Row]]:
    if media == PARQUET:
        yield from parquet_columns(body, encoder.features, CHUNK)
        return
    names = [feature.name for feature in encoder.features]
    rows = _READERS[media](body, names)
    row = 1
    while chunk := list(islice(rows, CHUNK)):
        _check_lengths(chunk, row, names)
        yield list(zip(*chunk, strict=True))
        row += len(chunk)


def _check_lengths(rows: Sequence[Row], first_row: int, names: Sequence[str]) -> None:
    if set(map(len, rows)) == {len(names)}:
        return
    for number, row in enumerate(rows, first_row):
        if len(row) != len(names):
            raise RequestError(f"row {number} has {len(row)} values; expected {_listed(names)}")


def _csv_rows(body: bytes, names: Sequence[str]) -> Rows:
    lines = filter(None, csv_reader(_text_lines(body.removeprefix(codecs.BOM_UTF8))))
    first = next(lines, None)
    if first is None:
        return
    if first == names:
        raise RequestError("row 1 holds the features' names; expected rows without a header")
    yield first
    yield from lines


def _text_lines(body: bytes) -> io.TextIOBase:
    """A small body is decoded at once, which is quicker; a large one bit by bit, which needs less memory."""
    if len(body) <= SMALL:
        return io.StringIO(body.decode(), newline="")
    return io.TextIOWrapper(io.BytesIO(body), "utf-8", newline="")


def _json_rows(body: bytes, names: Sequence[str]) -> Rows:
    content = orjson.loads(body)
    if isinstance(content, dict) and content.keys() == {"instances"}:
        content = content["instances"]
    if not isinstance(content, list):
        raise RequestError('expected a list of rows, or an object of the form {"instances": [row, ...]}')
    return _values_of(content, names)


def _json_lines_rows(body: bytes, names: Sequence[str]) -> Rows:
    return _values_of((orjson.loads(line) for line in io.BytesIO(body) if not line.isspace()), names)


def _values_of(rows: Iterator[Any] | list[Any], names: Sequence[str]) -> Rows:
    pick: Callable[[Any], Row] = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    for number, row in enumerate(rows, 1):
        if isinstance(row, list):
            yield row
        elif not isinstance(row, dict):
            raise RequestError(f"row {number} is neither an object nor a list; expected values of {_listed(names)}")
        elif len(row) == len(names) and row.keys() == set(names):
            yield pick(row)
        else:
            raise _complaint(row, number, names)


def _complaint(row: dict[str, Any], number: int, names: Sequence[str]) -> RequestError:
    if unknown := sorted(row.keys() - set(names)):
        return RequestError(f"row {number}: unknown feature {quoted(unknown[0])}; expected {_listed(names)}")
    missing = next(name for name in names if name not in row)
    return RequestError(f"row {number}: feature {missing!r} is missing; give null where it is not known")


def _listed(names: Sequence[str]) -> str:
    return f"{len(names)}: {', '.join(names)}"


_READERS: dict[str, Callable[[bytes, Sequence[str]], Rows]] = {
    CSV: _csv_rows,
    JSON: _json_rows,
    JSON_LINES: _json_lines_rows,
}
