"""Split the raw data and fit the encoders on the training split.

Reads every .csv, .csv.gz or .parquet file of --input, strips text, turns null markers into nulls, deals the rows to
train, validation and test by data.seed (whole groups if data.group is set), and writes raw typed columns as
<split>/data.parquet, the encoders as <preprocessing>/preprocessing.json and counts as <summary>/data.json.

    python -m model_build.steps.preprocess --input data --train out/train --validation out/validation \\
        --test out/test --preprocessing out/preprocessing --summary out/summary
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from model_build.analysis.columns import allowed_values, column_types, feature_names
from model_build.analysis.errors import DataError
from model_build.analysis.features import Preprocessing
from model_build.analysis.splits import split_groups, split_rows
from model_build.settings import Data, Settings, load_settings
from model_build.steps.command import run, step_parser, write_json
from model_build.steps.tables import combined_digest, find_tables, read_tables, start_digests, write_split

NAME = "preprocess"
SPLITS = ("train", "validation", "test")
LEAST_ROWS = 50


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    parser.folder("--input", "folder of CSV or Parquet files")
    for split in SPLITS:
        parser.folder(f"--{split}", f"where the {split} split goes")
    parser.folder("--preprocessing", "where the fitted encoders go")
    parser.folder("--summary", "where counts and the hash of the data go")
    arguments = parser.parse_args(argv)
    settings = load_settings()
    paths = find_tables(arguments.input)
    with ThreadPoolExecutor(1) as executor:
        digests = start_digests(paths, executor)
        from model_build.contract import Contract  # pandera loads while files are hashed

        types = column_types(Contract)
        features = feature_names(types, settings.data)
        table = read_tables(paths, types, required_columns(features, settings.data), settings.data.null_values)
        splits = deal(table, settings.data)
        rows = table.height
        del table
        classes = label_classes(splits["train"], settings, allowed_values(Contract, settings.data.label))
        fitted = Preprocessing.fit(
            splits["train"], features, settings.data.label, settings.project.problem_type, classes
        )
        for split, frame in splits.items():
            write_split(frame, getattr(arguments, split))
        arguments.preprocessing.mkdir(parents=True, exist_ok=True)
        (arguments.preprocessing / "preprocessing.json").write_text(fitted.to_json(), encoding="utf-8", newline="\n")
        found = [digest.result() for digest in digests]
    counts = {split: frame.height for split, frame in splits.items()}
    files = {path.relative_to(arguments.input).as_posix(): digest for path, digest in zip(paths, found, strict=True)}
    summary = {"rows": rows, "sha256": combined_digest(found), "files": files, "splits": counts, "features": features}
    write_json(arguments.summary / "data.json", summary)
    print(f"{rows:,} rows of {len(files)} file(s): " + ", ".join(f"{n:,} {split}" for split, n in counts.items()))


def required_columns(features: Sequence[str], data: Data) -> list[str]:
    """Columns without which nothing can be done; others of the contract are left to its check."""
    return [*features, *(name for name in (data.label, data.sensitive, data.weight, data.group, data.strata) if name)]


def deal(table: pl.DataFrame, data: Data) -> dict[str, pl.DataFrame]:
    """Rows of each split.

    Raises:
        DataError: there are too few rows, or a split would be empty.
    """
    if table.height < LEAST_ROWS:
        raise DataError(f"the data has {table.height} rows; expected at least {LEAST_ROWS}")
    shares = (data.splits.train, data.splits.validation, data.splits.test)
    if data.group:
        numbers = pl.Series(split_groups(table[data.group], shares, data.seed))
    else:
        numbers = pl.Series(split_rows(table.height, shares, data.seed))
    splits = {split: table.filter(numbers == position) for position, split in enumerate(SPLITS)}
    for split, frame in splits.items():
        if frame.is_empty():
            raise DataError(
                f"the {split} split is empty; expected more rows or groups, or a larger data.splits.{split}"
            )
    return splits


def label_classes(train: pl.DataFrame, settings: Settings, allowed: list[str] | None) -> list[str]:
    """Label values in the order of the model's outputs: the contract's order, a binary label's positive value last.

    Args:
        train: the training split.
        settings: those of the project.
        allowed: label values that the contract allows; None if it does not list them.

    Raises:
        DataError: the label has too few or, for a binary one, too many values, or never the positive one.
    """
    data, problem_type = settings.data, settings.project.problem_type
    if problem_type == "regression":
        return []
    found = train[data.label].unique().drop_nulls().cast(pl.String).sort().to_list()
    classes = allowed or found
    if problem_type == "multiclass_classification":
        if len(found) < 2:
            raise DataError(f"label column {data.label!r} holds only {found}; expected at least two classes")
        return classes
    negative = [value for value in classes if value != data.positive]
    if data.positive not in found or len(negative) != 1:
        raise DataError(
            f"label column {data.label!r} holds {', '.join(found)}; "
            f"expected two values, one of them {data.positive!r} (data.positive)"
        )
    return [negative[0], data.positive]


if __name__ == "__main__":
    run(main, NAME)
