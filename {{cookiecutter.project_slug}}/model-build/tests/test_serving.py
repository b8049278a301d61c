"""The server: every format in and out, and an answer that helps to whoever asks wrongly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from starlette.testclient import TestClient

from model_build.analysis.features import Preprocessing
from model_build.serving.app import create_app, served_app
from model_build.serving.predictor import Predictor
from model_build.settings import ProblemType

FEATURES = ["age", "work", "hours"]
ROWS: list[dict[str, Any]] = [
    {"age": 39, "work": "Private", "hours": 40.5},
    {"age": None, "work": "never seen", "hours": 13},
    {"age": 28, "work": None, "hours": None},
]
CSV_ROWS = "39,Private,40.5\n,never seen,13\n28,?,?\n"
CLASSES: dict[ProblemType, tuple[str, ...]] = {
    "binary_classification": ("no", "yes"),
    "multiclass_classification": ("low", "middle", "high"),
    "regression": (),
}
OBJECTIVES: dict[ProblemType, dict[str, Any]] = {
    "binary_classification": {"objective": "binary:logistic"},
    "multiclass_classification": {"objective": "multi:softprob", "num_class": 3},
    "regression": {"objective": "reg:squarederror"},
}


def write_model(folder: Path, problem_type: ProblemType) -> None:
    """A small model of `problem_type`, as the package step writes it."""
    random = np.random.default_rng(1)
    age = random.integers(18, 90, 300)
    work = random.choice(["Private", "Gov", "Self"], 300)
    classes = CLASSES[problem_type]
    label: list[Any] = [classes[int(a) % len(classes)] for a in age] if classes else (age * 2.0).tolist()
    frame = pl.DataFrame({"age": age, "work": work, "hours": random.normal(40, 5, 300), "label": label})
    preprocessing = Preprocessing.fit(frame, FEATURES, "label", problem_type, classes)
    matrix = xgb.DMatrix(preprocessing.transform(frame), preprocessing.target(frame))
    booster = xgb.train({"max_depth": 3, **OBJECTIVES[problem_type]}, matrix, 5)
    onnx = convert_xgboost(booster, initial_types=[("features", FloatTensorType([None, len(FEATURES)]))])
    (folder / "model.onnx").write_bytes(onnx.SerializeToString())
    (folder / "preprocessing.json").write_text(preprocessing.to_json())


@pytest.fixture(scope="module", params=list(CLASSES))
def predictor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, request.param)
    return Predictor.load(folder)


@pytest.fixture
def client(predictor: Predictor) -> TestClient:
    return TestClient(create_app(predictor, ["", "?"]), raise_server_exceptions=False)


def ask(client: TestClient, body: str | bytes, media: str = "application/json", accept: str | None = None) -> Any:
    return client.post(
        "/invocations", content=body, headers={"content-type": media, **({"accept": accept} if accept else {})}
    )


def test_ping_answers_when_the_model_is_loaded(client: TestClient) -> None:
    assert client.get("/ping").status_code == 200


BLANK_ROWS = [
    {"age": " 39", "work": " Private ", "hours": "40.5 "},
    {"age": " ? ", "work": "never seen", "hours": 13},
    {"age": 28, "work": " ?", "hours": "  "},
]
BODIES = {
    "csv with blanks": ("text/csv", " 39, Private , 40.5\n ?, never seen, 13\n28, ? , ?\n"),
    "json with blanks": ("application/json", json.dumps(BLANK_ROWS)),
    "csv": ("text/csv", CSV_ROWS),
    "csv with charset": ("text/csv; charset=utf-8", CSV_ROWS.replace("\n", "\r\n")),
    "json objects": ("application/json", json.dumps({"instances": ROWS})),
    "json lists": ("application/json", json.dumps([list(row.values()) for row in ROWS])),
    "json lines": ("application/jsonlines", "\n".join(json.dumps(row) for row in ROWS) + "\n"),
}


@pytest.mark.parametrize("body", list(BODIES))
def test_every_request_format_gives_the_models_predictions(client: TestClient, predictor: Predictor, body: str) -> None:
    media, content = BODIES[body]
    response = ask(client, content, media, "application/json")
    assert response.status_code == 200, response.text
    expected = predictor.predict(pl.DataFrame(ROWS, schema={"age": pl.Float64, "work": pl.String, "hours": pl.Float64}))
    assert response.json() == {"predictions": json.loads(expected.write_json())}


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


def test_csv_and_json_lines_answers_have_a_line_per_row(client: TestClient) -> None:
    assert len(ask(client, CSV_ROWS, "text/csv").text.splitlines()) == len(ROWS)
    lines = ask(client, CSV_ROWS, "text/csv", "application/jsonlines").text.splitlines()
    assert ["prediction" in json.loads(line) for line in lines] == [True] * len(ROWS)


@pytest.mark.parametrize(
    ("media", "body", "complaint"),
    [
        ("text/csv", "age,work,hours\n39,Private,40\n", "row 1, feature 'age': 'age'; expected a number"),
        ("text/csv", "39,Private\n", "row 1 has 2 values; expected 3: age, work, hours"),
        ("text/csv", "39,Private,40\n1e999,Gov,1\n", "row 2, feature 'age': '1e999'"),
        ("text/csv", b"\xff\xfe", "the body is no text/csv"),
        ("text/csv", '39,"Private,40', "the body is no text/csv"),
        ("text/csv", "\n\n", "holds no rows"),
        ("application/json", "{", "the body is no application/json"),
        ("application/json", "[]", "holds no rows"),
        ("application/json", '{"rows": []}', '{"instances": [row, ...]}'),
        ("application/json", "[1]", "row 1 is neither an object nor a list"),
        ("application/json", '[{"age": 1, "work": "x", "hours": 2, "sex": "F"}]', "row 1: unknown feature 'sex'"),
        ("application/json", '[{"age": 1, "work": "x"}]', "row 1: feature 'hours' is missing; give null"),
        ("application/json", "[[1, 2, 3]]", "row 1, feature 'work': '2'; expected text"),
        ("application/json", '[[{"$gt": 0}, "x", 3]]', "feature 'age'"),
        ("application/jsonlines", '[1, "x", 3]\nnot json\n', "the body is no application/jsonlines"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong_in_one_line(
    client: TestClient, media: str, body: str | bytes, complaint: str
) -> None:
    response = ask(client, body, media)
    assert response.status_code == 400
    assert complaint in response.json()["error"]
    assert "\n" not in response.json()["error"]
    assert "Traceback" not in response.text


def test_unknown_media_types_are_refused_with_those_that_are_known(client: TestClient) -> None:
    for response, status in [(ask(client, "x", "image/png"), 415), (ask(client, "[]", accept="image/png"), 406)]:
        assert response.status_code == status
        assert "text/csv, application/json, application/jsonlines" in response.json()["error"]


def test_a_failing_model_shows_no_stack_trace(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Predictor, rows: pl.DataFrame) -> pl.DataFrame:
        raise KeyError("secret")

    monkeypatch.setattr(Predictor, "predict", fail)
    response = ask(client, json.dumps(ROWS))
    assert response.status_code == 500
    assert "secret" not in response.text


def test_other_routes_and_methods_are_refused_as_json(client: TestClient) -> None:
    assert client.get("/invocations").status_code == 405
    assert client.get("/other").json() == {"error": "Not Found"}


def test_a_server_without_a_model_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SM_MODEL_DIR", str(tmp_path))
    with pytest.raises(SystemExit, match="1"):
        served_app()
    assert capsys.readouterr().err.count("\n") == 1
