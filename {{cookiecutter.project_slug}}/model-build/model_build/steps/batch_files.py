"""Files of a batch: which are scored, where their shards lie, and folders that hold all of a result or none of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model_build.steps.command import BAD_USAGE, StepError
from model_build.steps.tables import CSV_ENDINGS, PARQUET_ENDINGS

JSON_LINES_ENDINGS = (".jsonl",)
ENDINGS = (*CSV_ENDINGS, *PARQUET_ENDINGS, *JSON_LINES_ENDINGS)
MANIFEST = "manifest.json"
TRANSFORMED_ENDING = ".out"
HIDDEN = (".", "_")


def shard_name(number: int) -> str:
    """File of a shard's rows, as Batch Transform reads it."""
    return f"part-{number:05}.jsonl"


def columns_name(number: int) -> str:
    """File of the same rows with the columns and types in which they were given."""
    return f"columns-{number:05}.parquet"


def is_parquet(name: str) -> bool:
    return name.lower().endswith(PARQUET_ENDINGS)


def is_json_lines(name: str) -> bool:
    return name.lower().endswith(JSON_LINES_ENDINGS)


def find_inputs(folder: Path) -> dict[str, Path]:
    """Files to score below `folder` by their name relative to it; those that start with a dot or underscore are not.

    Raises:
        StepError: there is none, or one that can't be scored.
    """
    if not folder.is_dir():
        raise StepError(f"{folder} is not a folder; expected one that holds files to score", BAD_USAGE)
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(HIDDEN))
    if not found:
        raise StepError(f"{folder} holds nothing to score; expected files that end in {', '.join(ENDINGS)}")
    for path in found:
        if not path.name.lower().endswith(ENDINGS):
            raise StepError(f"{path.name} can't be scored; expected files that end in {', '.join(ENDINGS)}")
    return {path.relative_to(folder).as_posix(): path for path in found}


@contextmanager
def new_content(folder: Path) -> Iterator[Path]:
    """An empty folder to write into; when that fails, it is empty again.

    Raises:
        StepError: the folder holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise StepError(f"{folder} is not empty; expected an empty folder, as nothing is overwritten", BAD_USAGE)
    try:
        yield folder
    except BaseException:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
