"""Parquet is read where it can do no harm to the server."""

from __future__ import annotations

import io
import os
import sys
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from pickle import PicklingError
from typing import Any

import polars as pl
import pytest
from serving_models import NULL_VALUES

from model_build.analysis.features import Feature
from model_build.serving import parquet_process
from model_build.serving.encoding import Encoder
from model_build.serving.formats import RequestError
from model_build.serving.limits import MEBIBYTE
from model_build.serving.parquet import MOST_ROWS
from model_build.serving.parquet_process import ParquetReader

FEATURES = [Feature("age", "integral"), Feature("work", "string", ("a", "b")), Feature("hours", "fractional")]


def parquet(rows: int, work: str = "b") -> bytes:
    buffer = io.BytesIO()
    pl.select(age=pl.repeat(3, rows), work=pl.repeat(work, rows), hours=pl.repeat(0.5, rows)).write_parquet(buffer)
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


def most_memory_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.slow
def test_a_long_text_that_a_dictionary_repeats_is_refused_before_it_is_unpacked() -> None:
    reader = ParquetReader(FEATURES, NULL_VALUES, 10**6)
    body = parquet(9000, "x" * MEBIBYTE)
    assert len(body) < 10_000
    with pytest.raises(RequestError, match="unpacks to too much; expected at most 64 MB of text") as refusal:
        reader.read(body)
    assert refusal.value.status == 400
    assert reader._executor is not None
    (process,) = reader._executor._processes
    if sys.platform == "linux":
        assert most_memory_mb(process) < 300
    assert len(reader.read(parquet(3))) == 3
    assert list(reader._executor._processes) == [process]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_body_for_which_the_memory_does_not_suffice_is_refused_and_the_next_is_read() -> None:
    reader = ParquetReader(FEATURES, NULL_VALUES, 10**6)
    assert len(reader.read(parquet(3))) == 3
    assert reader._executor is not None
    for spare_mb in (1, 8, 20):
        reader._executor.submit(limit_memory, spare_mb).result()
        with pytest.raises(RequestError, match="the body is no application/vnd.apache.parquet") as refusal:
            reader.read(parquet(MOST_ROWS))
        assert refusal.value.status == 400
        assert len(reader.read(parquet(3))) == 3


def limit_memory(spare_mb: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + spare_mb * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


@pytest.mark.parametrize("failure", [MemoryError, pl.exceptions.PanicException])
def test_a_failure_that_can_not_be_handed_on_is_none(
    failure: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise failure("no memory")

    monkeypatch.setattr(parquet_process, "read_features", fail)
    monkeypatch.setattr(parquet_process, "_encoder", Encoder(FEATURES, NULL_VALUES), raising=False)
    assert parquet_process._read(parquet(1)) is None


@pytest.mark.parametrize("failure", [BrokenProcessPool, PicklingError, MemoryError])
def test_what_the_pool_says_of_a_lost_answer_is_a_refusal(failure: type[Exception]) -> None:
    class Pool(Executor):
        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            answer: Future[Any] = Future()
            answer.set_exception(failure("lost"))
            return answer

    reader = ParquetReader(FEATURES, NULL_VALUES, 10**6)
    reader._executor = Pool()  # type: ignore[assignment]
    with pytest.raises(RequestError, match="unpacks to too much") as refusal:
        reader.read(b"")
    assert refusal.value.status == 400
    assert reader._executor is None
