"""Pack the model for serving, after proving that its ONNX form predicts the same as the native one.

Writes model.tar.gz (model.ubj, model.onnx, preprocessing.json, signature.json, model_card.json, model_card.md; the same
bytes for the same model), package.json (largest difference, SHA-256) and smoke.json (rows of the test split with the
packaged model's answers, to ask a deployed one) into --output.

    python -m model_build.steps.package --model out/model --test out/test --evaluation out/evaluation \\
        --summary out/summary --output out/package
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model_build.analysis.model_card import model_card, model_card_markdown
from model_build.analysis.onnx_export import TOLERANCE, export_onnx, largest_difference, predict_onnx
from model_build.settings import Settings, load_settings
from model_build.steps.command import read_json, run, step_parser, write_json
from model_build.steps.model_files import ARCHIVE, MODEL, ONNX, PREPROCESSING, SIGNATURE, TrainedModel, read_model
from model_build.steps.smoke import SMOKE, smoke_cases
from model_build.steps.tables import read_split

NAME = "package"
SAMPLE_ROWS = 10_000


def main(argv: Sequence[str] | None = None) -> None:
    parser = step_parser(NAME, __doc__)
    parser.folder("--model", "folder with model.tar.gz or its content")
    parser.folder("--test", "test split, on which the two forms are compared; the rows of smoke.json are of it")
    parser.folder("--evaluation", "folder with evaluation.json")
    parser.folder("--summary", "folder with the preprocess step's data.json")
    parser.folder("--output", "where model.tar.gz, package.json and smoke.json go")
    arguments = parser.parse_args(argv)
    model = read_model(arguments.model)
    evaluation = read_json(arguments.evaluation / "evaluation.json")
    summary = read_json(arguments.summary / "data.json")
    test = read_split(arguments.test)
    sample = with_missing_values(model.preprocessing.transform(test.head(SAMPLE_ROWS)))
    onnx = export_onnx(model.booster, len(model.preprocessing.features))
    difference = largest_difference(model.predict(sample), predict_onnx(onnx, sample))
    content = files(model, onnx, evaluation, summary, load_settings())
    archive, smoke = pack(content), smoke_cases(content, test)
    digest = hashlib.sha256(archive).hexdigest()
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / ARCHIVE).write_bytes(archive)
    record = {"onnx_max_difference": difference, "onnx_tolerance": TOLERANCE, "rows_compared": len(sample)}
    write_json(arguments.output / "package.json", {**record, "sha256": digest, "bytes": len(archive)})
    write_json(arguments.output / SMOKE, smoke)
    print(f"{ARCHIVE}, {len(archive) / 1e6:.1f} MB; ONNX differs by at most {difference:.2g} on {len(sample):,} rows")


def with_missing_values(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, and once more with one feature of each missing, in turn."""
    holed = features.copy()
    rows = np.arange(len(holed))
    holed[rows, rows % holed.shape[1]] = np.nan
    return np.concatenate([features, holed])


def files(
    model: TrainedModel, onnx: bytes, evaluation: dict[str, Any], summary: dict[str, Any], settings: Settings
) -> dict[str, bytes]:
    """Content of the archive by file name."""
    card = model_card(settings, model.training, evaluation, summary)
    return {
        MODEL: bytes(model.booster.save_raw("ubj")),
        ONNX: onnx,
        PREPROCESSING: model.preprocessing.to_json().encode(),
        SIGNATURE: _json(model.preprocessing.signature()),
        "model_card.json": _json(card),
        "model_card.md": model_card_markdown(card, settings.project.name).encode(),
    }


def pack(content: Mapping[str, bytes]) -> bytes:
    """A gzipped tar archive without times, owners or order of its own."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", filename="", mtime=0, compresslevel=6) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(content):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content[name]), 0o644
            tar.addfile(entry, io.BytesIO(content[name]))
    return buffer.getvalue()


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


if __name__ == "__main__":
    run(main, NAME)
