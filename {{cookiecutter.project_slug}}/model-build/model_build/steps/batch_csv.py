"""Rows of a CSV file with a header, a bounded number at a time, read as the server reads CSV."""

from __future__ import annotations

import csv
import gzip
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from model_build.analysis.errors import DataError
from model_build.serving.readers import csv_reader

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

PACKED = ".gz"


def csv_frames(
    path: Path, name: str, check_names: Callable[[Sequence[str]], None], at_once: Callable[[int], int]
) -> Iterator[pl.DataFrame]:
    """Text as it stands in the file; empty lines are no rows.

    Args:
        name: the file's, for messages.
        check_names: raises where it does not accept the header.
        at_once: most rows of a frame of so many columns.

    Raises:
        DataError: the file is no CSV with a header, or a line has more or fewer values than the header.
    """
    opened = gzip.open if path.name.lower().endswith(PACKED) else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as text:
            lines = _lines(csv_reader(text), name)
            _, header = next(lines, (0, None))
            if header is None:
                raise DataError(f"{name} is empty; expected a header and rows")
            if twice := [column for column in header if header.count(column) > 1]:
                raise DataError(f"{name}: column {twice[0]!r} is there twice; rename one")
            check_names(header)
            rows = _rows(lines, name, len(header))
            while chunk := list(itertools.islice(rows, at_once(len(header)))):
                columns = zip(header, zip(*chunk, strict=True), strict=True)
                yield pl.DataFrame([pl.Series(column, values, pl.String) for column, values in columns])
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name} is no CSV: {error}") from error


def _lines(reader: CsvReader, name: str) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from ((reader.line_num, values) for values in filter(None, reader))
    except csv.Error as error:
        raise DataError(f"{name}: line {reader.line_num} is no CSV: {error}") from error


def _rows(lines: Iterator[tuple[int, list[str]]], name: str, width: int) -> Iterator[list[str]]:
    for number, values in lines:
        if len(values) != width:
            raise DataError(f"{name}: line {number} has {len(values)} values; expected {width}, as the header")
        yield values
