"""Tables with predictions, in the format in which the rows came; written a bounded number of rows at a time."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, cast

import polars as pl

from model_build.steps.batch_files import is_json_lines, is_parquet
from model_build.steps.batch_rows import LINE

Write = Callable[[pl.DataFrame, pl.DataFrame], None]


@contextmanager
def table_writer(path: Path) -> Iterator[Write]:
    """A function that adds rows as they were given and the answers to them; the file's name decides its format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _format(path.name)(path) as write:
        yield write


def _format(name: str) -> Callable[[Path], AbstractContextManager[Write]]:
    if is_parquet(name):
        return _parquet
    return _json_lines if is_json_lines(name) else _csv


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("xb") as raw:
        packed = path.name.lower().endswith(".gz")
        file = cast("IO[bytes]", gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0)) if packed else raw
        header = True

        def write(given: pl.DataFrame, answers: pl.DataFrame) -> None:
            nonlocal header
            given.hstack(answers).write_csv(file, include_header=header)
            header = False

        yield write
        if packed:
            file.close()


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    pieces = Path(tempfile.mkdtemp(prefix=".pieces-", dir=path.parent))
    try:

        def write(given: pl.DataFrame, answers: pl.DataFrame) -> None:
            number = sum(1 for _ in pieces.iterdir())
            given.hstack(answers).write_parquet(pieces / f"{number:05}.parquet", compression="zstd")

        yield write
        pl.scan_parquet(sorted(pieces.iterdir())).sink_parquet(path, compression="zstd")
    finally:
        shutil.rmtree(pieces)


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("xb") as file:

        def write(given: pl.DataFrame, answers: pl.DataFrame) -> None:
            # As bytes: text would be split at U+2028 and U+0085 too, which JSON may hold.
            pairs = zip(given[LINE], answers.write_ndjson().encode().splitlines(), strict=True)
            file.writelines(b"%b,%b\n" % (line.rstrip()[:-1].encode(), answer[1:]) for line, answer in pairs)

        yield write
