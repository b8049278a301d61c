"""What Batch Transform answered for a shard, row by row, held against the rows it was given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from model_build.analysis.errors import DataError

ROW, SOURCE, OUTPUT = "row", "source", "SageMakerOutput"
TYPES: dict[str, pl.DataType] = {"string": pl.String(), "number": pl.Float64()}


@dataclasses.dataclass(frozen=True)
class Answers:
    """Answers of a shard in the order of its rows, and how many rows were not answered exactly once."""

    frame: pl.DataFrame
    missing: int
    repeated: int
    strange: int

    @property
    def complete(self) -> bool:
        return not (self.missing or self.repeated or self.strange)


def read_answers(path: Path, part: Mapping[str, Any], answer: Mapping[str, str]) -> Answers:
    """Answers in a transformed shard.

    Args:
        part: the shard's entry in the manifest of prepare_batch.
        answer: names of an answer's values, and "string" or "number" for each.

    Raises:
        DataError: a line is not an input line joined with an answer.
    """
    output = pl.Struct({name: TYPES[kind] for name, kind in answer.items()})
    try:
        lines = pl.read_ndjson(path, schema={ROW: pl.Int64(), SOURCE: pl.String(), OUTPUT: output})
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path.name}: {str(error).strip().splitlines()[0]}; expected joined JSON Lines") from error
    first, count = part["first_row"], part["rows"]
    answered = pl.col(OUTPUT).struct.field("prediction").is_not_null()
    mine = (pl.col(SOURCE) == part["source"]) & pl.col(ROW).is_between(first, first + count - 1)
    valid = lines.filter((mine & answered).fill_null(value=False))
    distinct = valid.unique(ROW, keep="first").sort(ROW)
    return Answers(
        distinct.get_column(OUTPUT).struct.unnest(),
        missing=count - distinct.height,
        repeated=valid.height - distinct.height,
        strange=lines.height - valid.height,
    )
