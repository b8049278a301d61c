"""A file of nothing but features, as model-deploy's `smoke` uploads it, through the whole batch; and as Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from batch_transform import transform
from starlette.testclient import TestClient
from step_outputs import StepOutputs

from model_build.serving.app import served_app
from model_build.steps import prepare_batch, reconcile_batch
from model_build.steps.model_files import model_folder


def write_csv(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    pl.DataFrame(rows, infer_schema_length=None).select(names).write_parquet(path)


def write_json_lines(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps({name: row[name] for name in names}) + "\n" for row in rows))


WRITERS = {"rows.csv": write_csv, "rows.parquet": write_parquet, "rows.jsonl": write_json_lines}
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "rows.csv": pl.read_csv,
    "rows.parquet": pl.read_parquet,
    "rows.jsonl": pl.read_ndjson,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_features_only_is_answered_as_the_package_says(
    name: str, steps: StepOutputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smoke = steps.read("package/smoke.json")
    names = [feature["name"] for feature in smoke["features"]]
    source, prepared, transformed, output = (tmp_path / part for part in ("in", "prepared", "transformed", "out"))
    source.mkdir()
    WRITERS[name](source / name, names, smoke["rows"])
    prepare_batch.main(["--input", str(source), "--model-package", str(steps.package), "--output", str(prepared)])
    with model_folder(steps.package) as folder:
        monkeypatch.setenv("SM_MODEL_DIR", str(folder))
        client = TestClient(served_app())

    def ask(body: bytes, headers: dict[str, str]) -> bytes:
        response = client.post("/invocations", content=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.content

    transform(prepared, "part-", transformed, ask, max_payload_bytes=2_000)
    folders = ["--prepared", str(prepared), "--transformed", str(transformed), "--output", str(output)]
    reconcile_batch.main(folders)
    scored = READERS[name](output / name)
    expected = smoke["answers"]
    assert scored.columns == [*names, *expected[0]]
    answers = scored.select(*expected[0]).to_dicts()
    assert len(answers) == len(expected)
    for answer, wanted in zip(answers, expected, strict=True):
        for key, value in wanted.items():
            assert answer[key] == (pytest.approx(value, rel=1e-4, abs=1e-4) if isinstance(value, float) else value)
    assert {"name": name, "rows_in": len(expected), "rows_out": len(expected)}.items() <= json.loads(
        (output / "manifest.json").read_text()
    )["files"][0].items()
