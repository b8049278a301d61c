"""The server: every format in and out, in the form that was asked for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from serving_models import CSV_ROWS, ROWS, SCHEMA, ask, write_model
from starlette.testclient import TestClient

from model_build.serving import predictor as predictors
from model_build.serving.app import served_app
from model_build.serving.predictor import Predictor


def parquet(rows: list[dict[str, Any]], **schema: Any) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(rows, schema={**SCHEMA, **schema}).write_parquet(buffer)
    return buffer.getvalue()


BLANK_ROWS = [
    {"age": " 39", "work": " Private ", "hours": "40.5 "},
    {"age": " ? ", "work": "never seen", "hours": 13},
    {"age": 28, "work": " ?", "hours": "  "},
]
BODIES: dict[str, tuple[str, str | bytes]] = {
    "csv with blanks": ("text/csv", " 39, Private , 40.5\n ?, never seen, 13\n28, ? , ?\n"),
    "json with blanks": ("application/json", json.dumps(BLANK_ROWS)),
    "csv": ("text/csv", CSV_ROWS),
    "csv with charset": ("text/csv; charset=utf-8", CSV_ROWS.replace("\n", "\r\n")),
    "csv with empty lines": ("text/csv", "\n" + CSV_ROWS.replace("\n", "\n\n")),
    "csv with byte order mark": ("text/csv", "\ufeff" + CSV_ROWS),
    "json objects": ("application/json", json.dumps({"instances": ROWS})),
    "json lists": ("application/json", json.dumps([list(row.values()) for row in ROWS])),
    "json lines": ("application/jsonlines", "\n".join(json.dumps(row) for row in ROWS) + "\n"),
    "json keys in any order": ("application/json", json.dumps([dict(reversed(row.items())) for row in ROWS])),
    "parquet": ("application/vnd.apache.parquet", parquet(ROWS)),
    "parquet by SageMaker's name": ("application/x-parquet", parquet(ROWS, age=pl.Float32, work=pl.Categorical)),
    "parquet of text": (
        "application/x-parquet",
        parquet([{**r, "age": r["age"] and str(r["age"])} for r in ROWS], age=pl.String),
    ),
}


@pytest.mark.parametrize("body", list(BODIES))
def test_every_request_format_gives_the_models_predictions(client: TestClient, predictor: Predictor, body: str) -> None:
    media, content = BODIES[body]
    response = ask(client, content, media, "application/json")
    assert response.status_code == 200, response.text
    expected = json.loads(predictor.predict(pl.DataFrame(ROWS, schema=SCHEMA)).write_json())
    assert response.json() == {"predictions": expected}


def test_classes_come_with_scores(client: TestClient, predictor: Predictor) -> None:
    first = ask(client, json.dumps(ROWS)).json()["predictions"][0]
    classes = predictor.preprocessing.classes
    if len(classes) == 2:
        assert first["prediction"] == ("yes" if first["score"] > 0.5 else "no")
    elif classes:
        scores = {name: first[f"score_{name}"] for name in classes}
        assert first["prediction"] == max(scores, key=lambda name: scores[name])
        assert sum(scores.values()) == pytest.approx(1, abs=1e-5)
    else:
        assert first == {"prediction": pytest.approx(78, rel=0.5)}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "text/csv"),
        ("*/*", "text/csv"),
        ("application/jsonlines", "application/jsonlines"),
        ("application/*", "application/json"),
        ("image/png, application/json;q=0.5", "application/json"),
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv"),
    ],
)
def test_the_answer_comes_in_the_most_wanted_format(client: TestClient, accept: str | None, media: str) -> None:
    response = ask(client, CSV_ROWS, "text/csv", accept)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media


def test_parquet_is_answered_as_json_unless_asked_otherwise(client: TestClient) -> None:
    response = ask(client, parquet(ROWS), "application/x-parquet", "*/*")
    assert response.headers["content-type"] == "application/json"
    assert ask(client, parquet(ROWS), "application/x-parquet", "text/csv").text.count("\n") == len(ROWS)


def test_the_answer_formats_hold_the_same_values(client: TestClient) -> None:
    predictions = ask(client, CSV_ROWS, "text/csv", "application/json").json()["predictions"]
    lines = ask(client, CSV_ROWS, "text/csv", "application/jsonlines").text.splitlines()
    assert [json.loads(line) for line in lines] == predictions
    table = list(csv.reader(io.StringIO(ask(client, CSV_ROWS, "text/csv").text, newline="")))
    assert table == [[str(value) for value in row.values()] for row in predictions]


def test_many_rows_get_the_answers_that_few_rows_get(client: TestClient, predictor: Predictor) -> None:
    many = ROWS * predictors.NATIVE_ROWS
    few = ask(client, json.dumps(ROWS)).json()["predictions"]
    answered = ask(client, json.dumps(many)).json()["predictions"]
    assert len(answered) == len(many)
    for number, row in enumerate(answered):
        expected = few[number % len(ROWS)]
        assert row.keys() == expected.keys()
        for name, value in row.items():
            assert value == (expected[name] if isinstance(value, str) else pytest.approx(expected[name], rel=1e-4))


def test_ping_answers_when_the_model_is_loaded(client: TestClient) -> None:
    assert client.get("/ping").status_code == 200


def test_batch_transform_is_told_how_to_call(client: TestClient) -> None:
    answer = client.get("/execution-parameters").json()
    assert answer.pop("MaxConcurrentTransforms") >= 1
    assert answer == {"BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}


def serve(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("SM_MODEL_DIR", str(folder))
    with pytest.raises(SystemExit, match="3"):
        served_app()
    return capsys.readouterr().err


def test_a_server_without_a_model_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(tmp_path, monkeypatch, capsys).count("\n") == 1


def test_a_signature_of_another_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(tmp_path, "regression")
    signature = json.loads((tmp_path / "signature.json").read_text())
    signature["features"].pop()
    (tmp_path / "signature.json").write_text(json.dumps(signature))
    assert "signature.json and preprocessing.json differ" in serve(tmp_path, monkeypatch, capsys)


def test_a_damaged_native_model_is_an_unhealthy_server(tmp_path: Path) -> None:
    write_model(tmp_path, "regression")
    (tmp_path / "model.ubj").write_bytes(b"damaged")
    damaged = Predictor.load(tmp_path)
    assert damaged.native.exception() is not None
    from model_build.serving.app import create_app

    response = TestClient(create_app(damaged, [])).get("/ping")
    assert (response.status_code, "damaged" in response.json()["error"]) == (503, True)
