"""Requests and answers as CSV, JSON and JSON Lines, in the forms of SageMaker's built-in algorithms."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import orjson
import polars as pl

from model_build.analysis.features import Feature

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
MEDIA_TYPES = (CSV, JSON, JSON_LINES)
Row = Sequence[Any]


class RequestError(Exception):
    """What is wrong with a request and what would be accepted, in one line, with its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def content_type(header: str) -> str:
    """Media type of a request's Content-Type.

    Raises:
        RequestError: 415, the server does not read it.
    """
    media = header.partition(";")[0].strip().lower()
    if media not in MEDIA_TYPES:
        raise RequestError(f"content type {media or 'missing'!r} is not read; expected {', '.join(MEDIA_TYPES)}", 415)
    return media


def answer_type(accept: str, asked_in: str) -> str:
    """Media type of the answer: the most wanted one that can be written, that of the request where any will do.

    Raises:
        RequestError: 406, none of them can be written.
    """
    for media in _by_preference(accept or "*/*"):
        if media == "*/*":
            return asked_in
        if media in MEDIA_TYPES:
            return media
        if media.endswith("/*") and (matching := [name for name in MEDIA_TYPES if name.startswith(media[:-1])]):
            return asked_in if asked_in in matching else matching[0]
    raise RequestError(f"answers can't be written as {accept!r}; expected {', '.join(MEDIA_TYPES)}", 406)


def _by_preference(accept: str) -> list[str]:
    weighted = []
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            weighted.append((float(weight), media))
        except ValueError as error:
            raise RequestError(f"accept {accept!r}: quality {weight!r} is no number") from error
    return [media for weight, media in sorted(weighted, key=lambda item: -item[0]) if weight > 0]


def read_rows(body: bytes, media: str, features: Sequence[Feature], null_values: Sequence[str]) -> pl.DataFrame:
    """Rows of a request, one column per feature: Float64 for numbers, String for text, null where missing.

    Text loses the blanks around it and null markers become null, as in the preprocess step.

    Args:
        null_values: what stands for a missing value.

    Raises:
        RequestError: 400, with the row and the feature that can't be read.
    """
    try:
        rows = _READERS[media](body, [feature.name for feature in features])
    except (UnicodeDecodeError, orjson.JSONDecodeError, csv.Error) as error:
        raise RequestError(f"the body is no {media}: {error}") from error
    if not rows:
        raise RequestError("the body holds no rows; expected at least one")
    for number, row in enumerate(rows, 1):
        if len(row) != len(features):
            names = ", ".join(feature.name for feature in features)
            raise RequestError(f"row {number} has {len(row)} values; expected {len(features)}: {names}")
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        [_column(feature, values, null_values) for feature, values in zip(features, columns, strict=True)]
    )


def _csv_rows(body: bytes, names: Sequence[str]) -> list[Row]:
    lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
    return [line for line in lines if line]


def _json_rows(body: bytes, names: Sequence[str]) -> list[Row]:
    content = orjson.loads(body)
    if isinstance(content, dict) and content.keys() == {"instances"}:
        content = content["instances"]
    if not isinstance(content, list):
        raise RequestError('expected a list of rows, or an object of the form {"instances": [row, ...]}')
    return [_json_row(row, number, names) for number, row in enumerate(content, 1)]


def _json_lines_rows(body: bytes, names: Sequence[str]) -> list[Row]:
    lines = (line for line in body.splitlines() if line.strip())
    return [_json_row(orjson.loads(line), number, names) for number, line in enumerate(lines, 1)]


def _json_row(row: object, number: int, names: Sequence[str]) -> Row:
    if isinstance(row, list):
        return row
    if not isinstance(row, dict):
        raise RequestError(f"row {number} is neither an object nor a list; expected values of {', '.join(names)}")
    if unknown := sorted(row.keys() - set(names)):
        raise RequestError(f"row {number}: unknown feature {unknown[0]!r}; expected {', '.join(names)}")
    if missing := [name for name in names if name not in row]:
        raise RequestError(f"row {number}: feature {missing[0]!r} is missing; give null where it is not known")
    return [row[name] for name in names]


_READERS: dict[str, Callable[[bytes, Sequence[str]], list[Row]]] = {
    CSV: _csv_rows,
    JSON: _json_rows,
    JSON_LINES: _json_lines_rows,
}


def _column(feature: Feature, values: Row, null_values: Sequence[str]) -> pl.Series:
    accepted = (str,) if feature.type == "string" else (int, float, str)
    for number, value in enumerate(values, 1):
        if value is not None and not isinstance(value, accepted):
            raise _bad_value(feature, number, value)
    text = pl.Series(feature.name, [None if value is None else str(value) for value in values], dtype=pl.String)
    stripped = text.str.strip_chars()
    given = stripped.set(stripped.is_in(list(null_values)), None)
    if feature.type == "string":
        return given
    truth = {"true": "1", "false": "0"}
    numbers = given.str.to_lowercase().replace(truth).cast(pl.Float64, strict=False)
    wrong = (given.is_not_null() & (numbers.is_null() | numbers.is_infinite())).arg_true()
    if len(wrong):
        raise _bad_value(feature, wrong[0] + 1, values[wrong[0]])
    return numbers


def _bad_value(feature: Feature, number: int, value: object) -> RequestError:
    expected = "text" if feature.type == "string" else "a number"
    return RequestError(f"row {number}, feature {feature.name!r}: {str(value)[:80]!r}; expected {expected} or no value")


def write_rows(predictions: pl.DataFrame, media: str) -> bytes:
    """Predictions in the form of `media`; CSV has no header and the columns in their order."""
    if media == CSV:
        return predictions.write_csv(include_header=False).encode()
    if media == JSON:
        return b'{"predictions":' + predictions.write_json().encode() + b"}"
    return predictions.write_ndjson().encode()
