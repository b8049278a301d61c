"""Files to score, through prepare_batch, a stand-in of Batch Transform with the real server, and reconcile_batch."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from batch_transform import Ask, rewrite, transform
from polars.testing import assert_frame_equal
from starlette.testclient import TestClient
from step_outputs import SETTINGS, StepOutputs

from model_build.analysis.errors import DataError
from model_build.serving.app import served_app
from model_build.serving.predictor import Predictor
from model_build.settings import PROJECT_ROOT
from model_build.steps import batch_rows, prepare_batch, reconcile_batch
from model_build.steps.command import BAD_USAGE, StepError
from model_build.steps.model_files import model_folder
from model_build.steps.tables import find_tables

ROWS = 230


@pytest.fixture(scope="module")
def raw() -> pl.DataFrame:
    """Rows of the sample as text, with the columns that the model doesn't see and one of nobody's."""
    (path, *_) = find_tables(PROJECT_ROOT / SETTINGS.data.sample)
    frame = pl.read_csv(path, infer_schema=False).head(ROWS).drop(SETTINGS.data.label)
    return frame.with_columns(pl.Series("customer, id", [f'"{row:04}"\n' for row in range(frame.height)]))


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_rows, "MOST_ROWS_AT_ONCE", 100)


@pytest.fixture
def ask(steps: StepOutputs, monkeypatch: pytest.MonkeyPatch) -> Ask:
    with model_folder(steps.package) as folder:
        monkeypatch.setenv("SM_MODEL_DIR", str(folder))
        client = TestClient(served_app())

    def post(body: bytes, headers: dict[str, str]) -> bytes:
        response = client.post("/invocations", content=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.content

    return post


class Batch:
    """The folders of one batch."""

    def __init__(self, root: Path, package: Path) -> None:
        self.input, self.prepared, self.transformed = root / "input", root / "prepared", root / "transformed"
        self.output, self.package = root / "predictions", package
        self.input.mkdir()

    def prepare(self) -> dict[str, Any]:
        arguments = ["--input", str(self.input), "--model-package", str(self.package), "--output", str(self.prepared)]
        prepare_batch.main(arguments)
        manifest: dict[str, Any] = json.loads((self.prepared / "manifest.json").read_text())
        return manifest

    def reconcile(self) -> dict[str, Any]:
        folders = ["--prepared", str(self.prepared), "--transformed", str(self.transformed)]
        reconcile_batch.main([*folders, "--output", str(self.output)])
        manifest: dict[str, Any] = json.loads((self.output / "manifest.json").read_text())
        return manifest


@pytest.fixture
def batch(tmp_path: Path, steps: StepOutputs) -> Batch:
    return Batch(tmp_path, steps.package)


@pytest.fixture
def expected(raw: pl.DataFrame, steps: StepOutputs) -> pl.DataFrame:
    """What the packaged model predicts when it is asked directly."""
    with model_folder(steps.package) as folder:
        predictor = Predictor.load(folder)
    cleaned = raw.with_columns(pl.all().str.strip_chars().replace(SETTINGS.data.null_values, None))
    numbers = [feature.name for feature in predictor.preprocessing.features if feature.type != "string"]
    return predictor.predict(cleaned.with_columns(pl.col(numbers).cast(pl.Float64)))


def typed(raw: pl.DataFrame) -> pl.DataFrame:
    """The rows as a Parquet file would hold them, with types that JSON has not."""
    inferred = pl.read_csv(raw.write_csv().encode(), null_values=SETTINGS.data.null_values)
    return inferred.with_columns(
        pl.date(2026, 1, 1).alias("day"), pl.lit(b"\xff").alias("bytes"), pl.lit([[1]]).alias("nested")
    )


WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "new.csv": lambda frame, path: frame.write_csv(path),
    "deep/er/new.csv.gz": lambda frame, path: path.write_bytes(gzip.compress(frame.write_csv().encode())),
    "new.parquet": lambda frame, path: typed(frame).write_parquet(path),
    "new.jsonl": lambda frame, path: frame.write_ndjson(path),
}
READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "new.csv": lambda path: pl.read_csv(path, infer_schema=False),
    "deep/er/new.csv.gz": lambda path: pl.read_csv(path, infer_schema=False),
    "new.parquet": pl.read_parquet,
    "new.jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
}


def write_inputs(batch: Batch, raw: pl.DataFrame) -> None:
    for name, write in WRITERS.items():
        (batch.input / name).parent.mkdir(parents=True, exist_ok=True)
        write(raw, batch.input / name)


@pytest.mark.usefixtures("small_shards")
def test_every_file_comes_back_in_its_format_with_the_predictions_of_the_model(
    batch: Batch, raw: pl.DataFrame, expected: pl.DataFrame, ask: Ask
) -> None:
    write_inputs(batch, raw)
    manifest = batch.prepare()
    assert [file["rows"] for file in manifest["files"]] == [ROWS] * len(WRITERS)
    assert len(manifest["parts"]) == 3 * len(WRITERS)
    requests = transform(batch.prepared, "part-", batch.transformed / "prepared", ask, max_payload_bytes=5_000)
    assert requests > len(manifest["parts"])
    result = batch.reconcile()
    assert result["rows"] == ROWS * len(WRITERS)
    assert {file["name"]: (file["rows_in"], file["rows_out"]) for file in result["files"]} == dict.fromkeys(
        WRITERS, (ROWS, ROWS)
    )
    for name, read in READERS.items():
        given, scored = read(batch.input / name), read(batch.output / name)
        assert scored.columns == [*given.columns, *expected.columns]
        assert_frame_equal(scored.select(given.columns), given)
        answers = scored.select(pl.col(column).cast(expected.schema[column]) for column in expected.columns)
        assert_frame_equal(answers, expected, rel_tol=1e-5, abs_tol=1e-6)
    listed = {path.relative_to(batch.output).as_posix() for path in batch.output.rglob("*") if path.is_file()}
    assert listed == {*WRITERS, "manifest.json"}


def test_the_model_is_sent_its_features_and_nothing_else(batch: Batch, raw: pl.DataFrame, steps: StepOutputs) -> None:
    raw.write_csv(batch.input / "new.csv")
    batch.prepare()
    record = json.loads((batch.prepared / "part-00000.jsonl").read_text().partition("\n")[0])
    features = [feature["name"] for feature in steps.read("model/signature.json")["features"]]
    assert list(record) == ["row", "source", "features", "others"]
    assert (record["row"], record["source"]) == (1, "new.csv")
    assert list(record["features"]) == features
    assert set(record["others"]) == set(raw.columns) - set(features)


def number(steps: StepOutputs) -> str:
    features = steps.read("model/signature.json")["features"]
    return str(next(feature["name"] for feature in features if feature["type"] != "string"))


def with_value(raw: pl.DataFrame, column: str, value: object) -> pl.DataFrame:
    changed = raw[column].to_list()
    changed[150] = str(value)
    return raw.with_columns(pl.Series(column, changed))


@pytest.mark.usefixtures("small_shards")
@pytest.mark.parametrize("value", ["many", "inf", "1e999"])
@pytest.mark.parametrize("name", ["new.csv", "new.jsonl"])
def test_a_value_that_is_no_number_is_named_with_file_row_and_feature(
    batch: Batch, raw: pl.DataFrame, steps: StepOutputs, name: str, value: str
) -> None:
    feature = number(steps)
    WRITERS[name](with_value(raw, feature, value), batch.input / name)
    with pytest.raises(DataError) as failure:
        batch.prepare()
    words = str(failure.value).replace("a whole number", "a number")
    assert words == f"{name}: row 151, feature {feature!r}: {value!r}; expected a number or no value"
    assert list(batch.prepared.iterdir()) == []


def lines(*records: object) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("empty.csv", b"", "empty.csv is empty; expected a header and rows"),
        ("header.csv", b"HEADER\n", "header.csv has no rows; expected at least one"),
        ("empty.jsonl", b"", "empty.jsonl has no rows; expected at least one"),
        ("short.csv", b"a,b\n1,2\n", "short.csv: feature '"),
        ("short.jsonl", lines({"a": 1}), "short.jsonl: row 1: feature '"),
        ("text.jsonl", b"nothing\n", "text.jsonl: row 1 is no JSON: "),
        ("list.jsonl", lines([1, 2]), "list.jsonl: row 1 is no JSON object; expected one with "),
        ("cut.parquet", b"PAR1", "cut.parquet: "),
        ("notes.txt", b"read me", "notes.txt can't be scored; expected files that end in .csv, .csv.gz, .parquet"),
    ],
)
def test_a_file_that_can_not_be_scored_is_refused_in_one_line(
    batch: Batch, raw: pl.DataFrame, name: str, content: bytes, complaint: str
) -> None:
    header = raw.head(0).write_csv().encode().strip()
    (batch.input / name).write_bytes(content.replace(b"HEADER", header))
    with pytest.raises((StepError, DataError)) as failure:
        batch.prepare()
    assert str(failure.value).startswith(complaint)
    assert "\n" not in str(failure.value)
    assert not batch.prepared.exists() or list(batch.prepared.iterdir()) == []


def test_nothing_to_score_is_one_line(batch: Batch) -> None:
    (batch.input / "_SUCCESS").touch()
    with pytest.raises(StepError, match="holds nothing to score; expected files that end in .csv"):
        batch.prepare()


def test_a_column_with_the_name_of_an_answer_is_refused(batch: Batch, raw: pl.DataFrame) -> None:
    raw.with_columns(prediction=pl.lit("old")).write_csv(batch.input / "new.csv")
    with pytest.raises(DataError, match="new.csv: column 'prediction' has the name of a prediction's; rename it"):
        batch.prepare()


def test_a_parquet_column_of_another_kind_is_refused(batch: Batch, raw: pl.DataFrame, steps: StepOutputs) -> None:
    feature = number(steps)
    typed(raw).with_columns(pl.date(2026, 1, 1).alias(feature)).write_parquet(batch.input / "new.parquet")
    with pytest.raises(DataError, match=f"new.parquet: column '{feature}' holds 'Date' values; expected numbers"):
        batch.prepare()


def test_nothing_is_overwritten(batch: Batch, raw: pl.DataFrame, ask: Ask) -> None:
    raw.write_csv(batch.input / "new.csv")
    batch.prepare()
    transform(batch.prepared, "part-", batch.transformed, ask)
    batch.reconcile()
    for again in (batch.prepare, batch.reconcile):
        with pytest.raises(StepError, match="is not empty; expected an empty folder") as refusal:
            again()
        assert refusal.value.exit_code == BAD_USAGE
    assert len(list(batch.output.iterdir())) == 2


@pytest.fixture
def scored(batch: Batch, raw: pl.DataFrame, ask: Ask, small_shards: None) -> Batch:
    raw.write_csv(batch.input / "new.csv")
    batch.prepare()
    transform(batch.prepared, "part-", batch.transformed, ask)
    return batch


def unanswered(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "SageMakerOutput"}


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        (lambda records: records[:-3], (3, 0, 0)),
        (lambda records: [*records, *records[:2]], (0, 2, 0)),
        (lambda records: [*records[1:], records[1]], (1, 1, 0)),
        (lambda records: [unanswered(records[0]), *records[1:]], (1, 0, 1)),
        (lambda records: [*records, {**records[0], "row": 9_999}], (0, 0, 1)),
        (lambda records: [*records, {**records[0], "source": "other.csv"}], (0, 0, 1)),
    ],
)
def test_rows_that_are_not_answered_exactly_once_are_counted(
    scored: Batch, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], counts: tuple[int, int, int]
) -> None:
    for shard in ("part-00000.jsonl.out", "part-00001.jsonl.out"):
        rewrite(scored.transformed / shard, change)
    with pytest.raises(StepError) as failure:
        scored.reconcile()
    missing, repeated, strange = (2 * count for count in counts)
    assert str(failure.value) == (
        f"new.csv: of {ROWS} rows {missing} have no prediction and {repeated} more than one, "
        f"{strange} lines belong to no row; expected one for each"
    )
    assert list(scored.output.iterdir()) == []


def test_answers_out_of_order_are_put_in_order(scored: Batch, expected: pl.DataFrame) -> None:
    rewrite(scored.transformed / "part-00001.jsonl.out", lambda records: records[::-1])
    scored.reconcile()
    answers = pl.read_csv(scored.output / "new.csv").select("prediction")
    assert_frame_equal(answers, expected.select("prediction"), rel_tol=1e-5, check_dtypes=False)


def test_a_shard_that_was_not_transformed_is_named(scored: Batch) -> None:
    (scored.transformed / "part-00002.jsonl.out").unlink()
    with pytest.raises(StepError, match=r"new.csv: part-00002.jsonl.out is missing in .*, 1 of 3 .* with 30 rows"):
        scored.reconcile()


def test_transformed_files_of_another_batch_are_refused(scored: Batch) -> None:
    (scored.transformed / "again").mkdir()
    shutil.copy(scored.transformed / "part-00000.jsonl.out", scored.transformed / "again")
    with pytest.raises(StepError, match="part-00000.jsonl.out is there twice"):
        scored.reconcile()
    shutil.move(scored.transformed / "again" / "part-00000.jsonl.out", scored.transformed / "part-00009.jsonl.out")
    with pytest.raises(StepError, match="part-00009.jsonl.out belongs to no shard; expected 3 files such as part-"):
        scored.reconcile()


def test_a_damaged_transformed_file_is_refused_in_one_line(scored: Batch) -> None:
    (scored.transformed / "part-00001.jsonl.out").write_text("the job failed\n")
    with pytest.raises(DataError, match="part-00001.jsonl.out: .*; expected joined JSON Lines") as failure:
        scored.reconcile()
    assert "\n" not in str(failure.value)
    assert list(scored.output.iterdir()) == []
