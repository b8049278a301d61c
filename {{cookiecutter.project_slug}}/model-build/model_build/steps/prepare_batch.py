"""Turn files to score into what Batch Transform takes: JSON Lines, each with the features and where it came from.

Reads every CSV (with a header; also .csv.gz), Parquet and JSON Lines file below --input. A row that the model can't
score ends the step with exit code 1 and one line: file, row and feature. Writes into --output, which must be empty:

part-00000.jsonl, ...       {"row": 1, "source": "new.csv", "features": {...}, "others": {...}}; the rows of one file
columns-00000.parquet, ...  the same rows as they were given, for reconcile_batch
manifest.json               files with rows and SHA-256, parts, columns of an answer, SHA-256 of the model

A transform job over the prefix part- with SplitType Line, InputFilter $.features and JoinSource Input scores them.

    python -m model_build.steps.prepare_batch --input in --model-package package --output out/prepared
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from model_build.analysis.features import Preprocessing
from model_build.settings import load_settings
from model_build.steps.batch_files import MANIFEST, columns_name, digest, find_inputs, new_content, shard_name
from model_build.steps.batch_rows import Reader, Rows
from model_build.steps.command import BAD_USAGE, StepError, run, step_parser, write_json
from model_build.steps.model_files import ARCHIVE, model_folder, read_preprocessing

NAME = "prepare_batch"


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    parser.folder("--input", "files to score")
    parser.folder("--model-package", "folder with model.tar.gz, for its features")
    parser.folder("--output", "where shards and manifest.json go; empty")
    arguments = parser.parse_args(argv)
    archive = arguments.model_package / ARCHIVE
    if not archive.is_file():
        raise StepError(f"{archive} does not exist; expected the output of the package step", BAD_USAGE)
    with model_folder(arguments.model_package) as files:
        preprocessing = read_preprocessing(files)
    answer = answer_columns(preprocessing)
    reader = Reader(preprocessing.features, load_settings().data.null_values, list(answer))
    inputs = find_inputs(arguments.input)
    with new_content(arguments.output) as output:
        manifest = write_shards(reader, inputs, output)
        write_json(output / MANIFEST, {**manifest, "answer": answer, "model_sha256": digest(archive)})
    print(f"{manifest['rows']:,} rows of {len(inputs):,} files in {len(manifest['parts']):,} parts")


def answer_columns(preprocessing: Preprocessing) -> dict[str, str]:
    """What the server answers for a row: names and whether they hold a string or a number."""
    classes = preprocessing.classes
    if not classes:
        return {"prediction": "number"}
    scores = ["score"] if len(classes) == 2 else [f"score_{name}" for name in classes]
    return {"prediction": "string", **dict.fromkeys(scores, "number")}


def write_shards(reader: Reader, inputs: dict[str, Path], output: Path) -> dict[str, Any]:
    """Writes the rows of all files into `output`; a shard holds rows of one file.

    Raises:
        DataError: a file or a row can't be scored.
        StepError: a file holds no rows.
    """
    files: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for name, path in inputs.items():
        before = len(parts)
        for rows in reader.read(path, name):
            parts.append(_write_shard(rows, name, len(parts), output))
        count = sum(part["rows"] for part in parts[before:])
        if not count:
            raise StepError(f"{name} has no rows; expected at least one")
        files.append({"name": name, "rows": count, "sha256": digest(path)})
    return {"files": files, "parts": parts, "rows": sum(file["rows"] for file in files)}


def _write_shard(rows: Rows, source: str, number: int, output: Path) -> dict[str, Any]:
    name = orjson.dumps(source)
    features = rows.features.write_ndjson().encode().splitlines()
    pairs = enumerate(zip(features, rows.others, strict=True), rows.first)
    path = output / shard_name(number)
    with path.open("wb") as file:
        file.writelines(
            b'{"row":%d,"source":%b,"features":%b,"others":%b}\n' % (row, name, given, others)
            for row, (given, others) in pairs
        )
    rows.given.write_parquet(output / columns_name(number), compression="zstd", statistics=False)
    return {"name": path.name, "source": source, "first_row": rows.first, "rows": rows.given.height}


if __name__ == "__main__":
    run(main, NAME)
