"""Join what Batch Transform answered with the files that were to be scored: one file for each, in its own format.

Every row must be answered exactly once, otherwise the step ends with exit code 1 and one line: file and counts.
Writes into --output, which must be empty, the files by their own names, with the columns of the answer added and the
rows in their order, and manifest.json (files with rows in and out and SHA-256, SHA-256 of the model).

    python -m model_build.steps.reconcile_batch --prepared out/prepared --transformed out/transformed \\
        --output out/predictions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from model_build.steps.batch_answers import Answers, read_answers
from model_build.steps.batch_files import MANIFEST, TRANSFORMED_ENDING, columns_name, digest, new_content
from model_build.steps.batch_tables import table_writer
from model_build.steps.command import StepError, read_json, run, step_parser, write_json

NAME = "reconcile_batch"


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    parser.folder("--prepared", "output of prepare_batch")
    parser.folder("--transformed", "output of the transform job")
    parser.folder("--output", "where the files with predictions and manifest.json go; empty")
    arguments = parser.parse_args(argv)
    prepared = read_json(arguments.prepared / MANIFEST)
    transformed = find_transformed(arguments.transformed, prepared["parts"])
    with new_content(arguments.output) as output:
        files = [_reconcile(file, prepared, arguments.prepared, transformed, output) for file in prepared["files"]]
        rows = sum(file["rows_out"] for file in files)
        write_json(output / MANIFEST, {"files": files, "rows": rows, "model_sha256": prepared["model_sha256"]})
    print(f"{rows:,} rows of {len(files):,} files have their predictions")


def find_transformed(folder: Path, parts: Sequence[dict[str, Any]]) -> dict[str, Path]:
    """Files of the transform job by the name of the shard; they may lie in folders below `folder`.

    Raises:
        StepError: a shard has none or two, or a file belongs to no shard.
    """
    expected = {part["name"] + TRANSFORMED_ENDING: part for part in parts}
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{TRANSFORMED_ENDING}")):
        if path.name not in expected:
            raise StepError(f"{path} belongs to no shard; expected {len(expected):,} files such as {min(expected)}")
        if path.name in found:
            raise StepError(f"{path.name} is there twice: {found[path.name]} and {path}; expected it once")
        found[path.name] = path
    if missing := [name for name in expected if name not in found]:
        part = expected[missing[0]]
        rows = sum(expected[name]["rows"] for name in missing)
        raise StepError(
            f"{part['source']}: {missing[0]} is missing in {folder}, "
            f"{len(missing):,} of {len(expected):,} transformed files with {rows:,} rows"
        )
    return {expected[name]["name"]: path for name, path in found.items()}


def _reconcile(
    file: dict[str, Any], prepared: dict[str, Any], folder: Path, transformed: dict[str, Path], output: Path
) -> dict[str, Any]:
    incomplete: list[Answers] = []
    target = output / file["name"]
    with table_writer(target) as write:
        for number, part in enumerate(prepared["parts"]):
            if part["source"] != file["name"]:
                continue
            answers = read_answers(transformed[part["name"]], part, prepared["answer"])
            if not answers.complete:
                incomplete.append(answers)
            if not incomplete:
                write(pl.read_parquet(folder / columns_name(number)), answers.frame)
        if incomplete:
            raise StepError(_complaint(file, incomplete))
    return {"name": file["name"], "rows_in": file["rows"], "rows_out": file["rows"], "sha256": digest(target)}


def _complaint(file: dict[str, Any], incomplete: Sequence[Answers]) -> str:
    missing, repeated, strange = (
        sum(getattr(answers, kind) for answers in incomplete) for kind in ("missing", "repeated", "strange")
    )
    return (
        f"{file['name']}: of {file['rows']:,} rows {missing:,} have no prediction and {repeated:,} more than one, "
        f"{strange:,} lines belong to no row; expected one for each"
    )


if __name__ == "__main__":
    run(main, NAME)
