"""Rows of a Parquet body, as columns of plain values."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from model_build.analysis.features import Feature
from model_build.serving.formats import PARQUET, RequestError, quoted
from model_build.serving.limits import MEBIBYTE

MOST_ROWS = 2_000_000
TOO_MUCH = f"the body is no {PARQUET}, or unpacks to too much"
MOST_TEXT_MB = 64  # of the rows that are plain values at one time


def parquet_columns(body: bytes, features: Sequence[Feature], chunk: int) -> Iterator[list[list[Any]]]:
    """Values of every feature, `chunk` rows at a time.

    Raises:
        RequestError: 400, the body is no Parquet, has other columns, or text that unpacks to too much; 413, more than
            `MOST_ROWS` rows.
    """
    frame = _read(body, features)
    for part in frame.iter_slices(chunk):
        _check_text(part)
        yield [part[feature.name].to_list() for feature in features]


def _read(body: bytes, features: Sequence[Feature]) -> pl.DataFrame:
    # polars panics, outside of Exception, on some damaged files
    try:
        table = pl.scan_parquet(io.BytesIO(body))
        schema = table.collect_schema()
        _check_columns(schema, features)
        rows = table.select(pl.len()).collect().item()
        if rows > MOST_ROWS:
            raise RequestError(f"the body holds {rows:,} rows; expected at most {MOST_ROWS:,}", 413)
        return table.select(plain(feature, schema[feature.name]) for feature in features).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), "no reason given")
        raise RequestError(f"the body is no {PARQUET}: {quoted(reason)}") from error


def _check_text(part: pl.DataFrame) -> None:
    """A dictionary holds a long text once, however many rows have it; as plain values it is there for each."""
    lengths = part.select(pl.col(pl.String).str.len_bytes().cast(pl.UInt64).sum())
    if sum(lengths.row(0) if lengths.width else ()) > MOST_TEXT_MB * MEBIBYTE:
        raise RequestError(f"{TOO_MUCH}; expected at most {MOST_TEXT_MB} MB of text in {part.height:,} rows")


def _check_columns(schema: pl.Schema, features: Sequence[Feature]) -> None:
    names = [feature.name for feature in features]
    listed = ", ".join(names)
    if unknown := sorted(schema.keys() - set(names)):
        raise RequestError(f"unknown column {quoted(unknown[0])}; expected {listed}")
    if missing := [name for name in names if name not in schema]:
        raise RequestError(f"column {missing[0]!r} is missing; expected {listed}")


def plain(feature: Feature, kind: pl.DataType) -> pl.Expr:
    """A feature's column of type `kind`, as one of text, numbers or flags.

    Raises:
        RequestError: 400, it holds something else.
    """
    column = pl.col(feature.name)
    if kind == pl.String or kind == pl.Null or (kind == pl.Boolean and feature.type == "integral"):
        return column
    if isinstance(kind, (pl.Categorical, pl.Enum)):
        return column.cast(pl.String)
    if feature.type != "string" and kind.is_numeric():
        return column if kind.is_float() or (kind.is_integer() and kind != pl.Int128) else column.cast(pl.Float64)
    expected = "text" if feature.type == "string" else "numbers"
    raise RequestError(f"column {feature.name!r} holds {quoted(kind)} values; expected {expected}")
