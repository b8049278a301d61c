"""Tables that steps read and write: raw CSV and Parquet files, and one `data.parquet` per folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import polars as pl

from model_build.analysis.errors import DataError
from model_build.steps.command import BAD_USAGE, StepError

CSV_ENDINGS, PARQUET_ENDINGS = (".csv", ".csv.gz"), (".parquet",)
MOST_CATEGORIES = 10_000


def find_tables(folder: Path) -> list[Path]:
    """CSV or Parquet files below `folder`, by name; other files and hidden ones are ignored.

    Raises:
        StepError: there is none, or CSV and Parquet are mixed.
    """
    if not folder.is_dir():
        raise StepError(f"{folder} is not a folder; expected one that holds CSV or Parquet files", BAD_USAGE)
    names = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    csv = [path for path in names if path.name.lower().endswith(CSV_ENDINGS)]
    parquet = [path for path in names if path.name.lower().endswith(PARQUET_ENDINGS)]
    if csv and parquet:
        raise StepError(f"{folder} mixes CSV ({csv[0].name}) and Parquet ({parquet[0].name}); expected one of the two")
    if not csv and not parquet:
        raise StepError(f"{folder} holds no data; expected files that end in .csv, .csv.gz or .parquet")
    return csv or parquet


def read_tables(
    paths: Sequence[Path], types: Mapping[str, pl.DataType], required: Sequence[str], null_values: Sequence[str]
) -> pl.DataFrame:
    """The columns of `types` from every file, one below the other; text is stripped and null markers become null.

    A marker that is a number, such as -999, stands for that number in whatever form a file holds it.
    Text is an Enum with sorted categories, or a String if it has more than `MOST_CATEGORIES` distinct values.

    Raises:
        DataError: a column is missing in a file, or a CSV value is not of its column's type.
    """
    texts = [name for name, kind in types.items() if kind == pl.String]
    raw = {**types, **dict.fromkeys(texts, pl.Categorical())}
    table = pl.concat([_read(path, raw, required, null_values) for path in paths], rechunk=False)
    if len(missing := _numbers(null_values)):
        table = table.with_columns(_unless_any(name, missing) for name, kind in types.items() if kind.is_numeric())
    with ThreadPoolExecutor() as executor:
        return table.with_columns(executor.map(lambda name: _cleaned(table[name], null_values), texts))


def start_digests(paths: Sequence[Path], executor: Executor) -> list[Future[str]]:
    """SHA-256 of each file, computed beside other work (hashing lets other threads run)."""
    return [executor.submit(_digest, path) for path in paths]


def combined_digest(digests: Sequence[str]) -> str:
    """One SHA-256 for several files: that of their digests, one a line."""
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def read_split(folder: Path) -> pl.DataFrame:
    """The table that an earlier step wrote into `folder`, text as String.

    Raises:
        StepError: the folder holds no `data.parquet`, or an unreadable one.
    """
    path = folder / "data.parquet"
    if not path.is_file():
        raise StepError(f"{path} does not exist; expected the output of an earlier step", BAD_USAGE)
    try:
        return pl.read_parquet(path).with_columns(pl.col(pl.Enum).cast(pl.String))
    except pl.exceptions.PolarsError as error:
        raise StepError(f"{path}: {_first_line(error)}; expected a Parquet file") from error


def write_split(frame: pl.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / "data.parquet", compression="lz4", statistics=False)


def _read(
    path: Path, types: Mapping[str, pl.DataType], required: Sequence[str], null_values: Sequence[str]
) -> pl.DataFrame:
    try:
        parquet = path.name.lower().endswith(PARQUET_ENDINGS)
        found = (pl.scan_parquet(path) if parquet else pl.scan_csv(path, infer_schema=False)).collect_schema().names()
        if missing := [name for name in required if name not in found]:
            raise DataError(f"{path.name}: column {missing[0]!r} is missing; found {', '.join(found)}")
        present = {name: kind for name, kind in types.items() if name in found}
        table = _read_parquet(path, present) if parquet else _read_csv(path, present, null_values)
        return table.with_columns(pl.lit(None, kind).alias(name) for name, kind in types.items() if name not in found)
    except pl.exceptions.NoDataError as error:
        raise DataError(f"{path.name} is empty; expected a header and rows") from error
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path.name}: {_first_line(error)}") from error


def _read_parquet(path: Path, types: Mapping[str, pl.DataType]) -> pl.DataFrame:
    table = pl.read_parquet(path, columns=list(types)).select(list(types))
    texts = [name for name, kind in types.items() if kind == pl.Categorical]
    for name in texts:
        if table.schema[name] not in (pl.String, pl.Categorical, pl.Enum):
            raise DataError(f"{path.name}: column {name!r} has type {table.schema[name]}; expected text")
    return table.with_columns(pl.col(texts).cast(pl.String).cast(pl.Categorical))


def _read_csv(path: Path, types: Mapping[str, pl.DataType], null_values: Sequence[str]) -> pl.DataFrame:
    """Typed; once more with null markers if a number or flag does not parse, as these cost half the time of reading."""
    markers = sorted(
        {f"{before}{value}{after}" for value in null_values for before in ("", " ") for after in ("", " ")}
    )
    for accepted in [markers] if _any_is_a_value(null_values) else [None, markers]:
        table = pl.scan_csv(path, infer_schema=False, schema_overrides=dict(types), null_values=accepted)
        try:
            return table.select(list(types)).collect(engine="streaming")
        except pl.exceptions.ComputeError:
            continue
    return _read_csv_as_text(path, types, null_values)


def _any_is_a_value(null_values: Sequence[str]) -> bool:
    """Whether a null marker, such as -999, would be read as a number or flag."""
    text = pl.Series(null_values, dtype=pl.String).str.strip_chars()
    return bool(len(_numbers(null_values)) or text.is_in(["true", "false"]).any())


def _numbers(null_values: Sequence[str]) -> pl.Series:
    text = pl.Series(null_values, dtype=pl.String).str.strip_chars()
    return text.cast(pl.Float64, strict=False).drop_nulls()


def _unless_any(name: str, numbers: pl.Series) -> pl.Expr:
    is_marker = pl.any_horizontal(pl.col(name) == number for number in numbers)
    return pl.when(is_marker.not_()).then(pl.col(name)).alias(name)


def _read_csv_as_text(path: Path, types: Mapping[str, pl.DataType], null_values: Sequence[str]) -> pl.DataFrame:
    """The slow way, for numbers with spaces around them; it also knows which value is wrong."""
    text = pl.read_csv(path, infer_schema=False, columns=list(types)).select(
        _clean(name, null_values) for name in types
    )
    return text.select(_parsed(text[name], kind, path) for name, kind in types.items())


def _parsed(text: pl.Series, kind: pl.DataType, path: Path) -> pl.Series:
    if kind == pl.Boolean:
        text = text.str.to_lowercase().replace({"1": "true", "0": "false"})
        parsed = (
            pl.select(pl.when(text == "true").then(True).when(text == "false").then(False)).to_series().alias(text.name)
        )
    else:
        parsed = text.cast(kind, strict=False)
    wrong = (parsed.is_null() & text.is_not_null()).arg_true()
    if len(wrong):
        row = wrong[0]
        raise DataError(
            f"{path.name}: column {text.name!r}, row {row + 1}: {text[row]!r} is not {_meaning(kind)} "
            f"({len(wrong)} such rows)"
        )
    return parsed


def _meaning(kind: pl.DataType) -> str:
    if kind.is_integer():
        return "a whole number"
    return "a number" if kind.is_numeric() else f"a {kind} value"


def _cleaned(column: pl.Series, null_values: Sequence[str]) -> pl.Series:
    """A Categorical stripped and without null markers: what is done to its few distinct values reaches every row."""
    distinct = column.unique().drop_nulls()
    if not 0 < len(distinct) <= MOST_CATEGORIES:
        return _clean_series(column.cast(pl.String), null_values)
    codes, text = distinct.to_physical(), _clean_series(distinct.cast(pl.String), null_values)
    kind = pl.Enum(text.drop_nulls().unique().sort())
    by_code = pl.repeat(None, 1 + cast(int, codes.max()), dtype=kind, eager=True).scatter(codes, text.cast(kind))
    return by_code.gather(column.to_physical()).alias(column.name)


def _clean_series(text: pl.Series, null_values: Sequence[str]) -> pl.Series:
    return text.to_frame().select(_clean(text.name, null_values)).to_series()


def _clean(name: str, null_values: Sequence[str]) -> pl.Expr:
    stripped = pl.col(name).str.strip_chars()
    return pl.when(stripped.is_in(list(null_values)).not_()).then(stripped).alias(name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(error: Exception) -> str:
    return next(_lines(error), type(error).__name__)


def _lines(error: Exception) -> Iterator[str]:
    return (line for line in str(error).splitlines() if line.strip())
