"""Parquet is read where it can do no harm to the server."""

from __future__ import annotations

import io
import os

import polars as pl
import pytest
from serving_models import NULL_VALUES

from model_build.analysis.features import Feature
from model_build.serving.formats import RequestError
from model_build.serving.parquet import MOST_ROWS
from model_build.serving.parquet_process import ParquetReader

FEATURES = [Feature("age", "integral"), Feature("work", "string", ("a", "b")), Feature("hours", "fractional")]


def parquet(rows: int) -> bytes:
    buffer = io.BytesIO()
    pl.select(age=pl.repeat(3, rows), work=pl.repeat("b", rows), hours=pl.repeat(0.5, rows)).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.slow
def test_a_body_that_ends_the_reading_process_is_refused_and_the_next_is_read() -> None:
    reader = ParquetReader(FEATURES, NULL_VALUES, 10**6)
    assert reader.read(parquet(2)).tolist() == [[3, 1, 0.5]] * 2
    assert reader._executor is not None
    reader._executor.submit(os.abort)
    with pytest.raises(RequestError, match="the body is no application/vnd.apache.parquet"):
        reader.read(parquet(2))
    assert len(reader.read(parquet(3))) == 3


@pytest.mark.slow
def test_a_small_body_of_too_many_rows_is_refused() -> None:
    body = parquet(MOST_ROWS + 1)
    assert len(body) < 100_000
    with pytest.raises(RequestError, match="rows; expected at most") as refusal:
        ParquetReader(FEATURES, NULL_VALUES, 10**6).read(body)
    assert refusal.value.status == 413
