"""The server tells whoever asks wrongly what is wrong, and never fails on it."""

from __future__ import annotations

import io
import json

import polars as pl
import pytest
from serving_models import NULL_VALUES, ROWS, ask
from starlette.testclient import TestClient

from model_build.serving.app import create_app
from model_build.serving.limits import MEBIBYTE
from model_build.serving.predictor import Predictor


def parquet(**columns: list[object]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("media", "body", "complaint"),
    [
        ("text/csv", "age,work,hours\n39,Private,40\n", "row 1 holds the features' names; expected rows without"),
        ("text/csv", "old,Private,40\n", "row 1, feature 'age': 'old'; expected a whole number or no value"),
        ("text/csv", "39.5,Private,40\n", "row 1, feature 'age': '39.5'; expected a whole number"),
        ("text/csv", "39,Private\n", "row 1 has 2 values; expected 3: age, work, hours"),
        ("text/csv", "39,Private,40\n1e999,Gov,1\n", "row 2, feature 'age': '1e999'"),
        ("text/csv", "39,Private,1e39\n", "row 1, feature 'hours': '1e39'"),
        ("text/csv", "39,Private,1_0\n", "row 1, feature 'hours': '1_0'; expected a number"),
        ("text/csv", b"\xff\xfe", "the body is no text/csv"),
        ("text/csv", '39,"Private,40', "the body is no text/csv"),
        ("text/csv", "\n\n", "holds no rows"),
        ("text/csv", "1,x,2\n" * 8192 + "1,x,?,\n", "row 8193 has 4 values"),
        ("text/csv", "1,x,2\n" * 8192 + "1,x,y\n", "row 8193, feature 'hours': 'y'"),
        ("application/json", "{", "the body is no application/json"),
        ("application/json", "[" * 5000, "the body is no application/json"),
        ("application/json", "[]", "holds no rows"),
        ("application/json", '{"rows": []}', '{"instances": [row, ...]}'),
        ("application/json", "[1]", "row 1 is neither an object nor a list"),
        ("application/json", '[{"age": 1, "work": "x", "hours": 2, "sex": "F"}]', "row 1: unknown feature 'sex'"),
        ("application/json", '[{"age": 1, "work": "x", "hour": 2}]', "row 1: unknown feature 'hour'"),
        ("application/json", '[{"age": 1, "work": "x"}]', "row 1: feature 'hours' is missing; give null"),
        ("application/json", "[[1, 2, 3]]", "row 1, feature 'work': '2'; expected text"),
        ("application/json", '[[1, "x", true]]', "row 1, feature 'hours': 'True'; expected a number"),
        ("application/json", '[[{"$gt": 0}, "x", 3]]', "feature 'age'"),
        ("application/json", '[[1, ["x"], 3]]', "feature 'work'"),
        ("application/jsonlines", '[1, "x", 3]\nnot json\n', "the body is no application/jsonlines"),
        ("application/x-parquet", "PAR1 nothing PAR1", "the body is no application/vnd.apache.parquet"),
        ("application/x-parquet", "", "the body is no application/vnd.apache.parquet"),
        ("application/x-parquet", parquet(age=[1], work=["x"]), "column 'hours' is missing"),
        ("application/x-parquet", parquet(age=[1], work=["x"], hours=[1], sex=["F"]), "unknown column 'sex'"),
        ("application/x-parquet", parquet(age=[[1]], work=["x"], hours=[1]), "column 'age' holds 'List(Int64)' values"),
        ("application/x-parquet", parquet(age=[1], work=[2], hours=[1]), "column 'work' holds 'Int64' values"),
        ("application/x-parquet", parquet(age=[1.0, 1.5], work=["x", "y"], hours=[1, 2]), "row 2, feature 'age'"),
        ("application/x-parquet", parquet(age=[], work=[], hours=[]), "holds no rows"),
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


def test_text_in_another_charset_is_refused(client: TestClient) -> None:
    response = ask(client, "1,x,2", "text/csv; charset=utf-16")
    assert (response.status_code, "expected utf-8" in response.json()["error"]) == (415, True)


@pytest.mark.parametrize("attributes", ["attributions=1", "trace=7", "attributions=true,x"])
def test_unknown_custom_attributes_are_refused(client: TestClient, attributes: str) -> None:
    response = ask(client, json.dumps(ROWS), **{"X-Amzn-SageMaker-Custom-Attributes": attributes})
    assert response.status_code == 400
    assert "expected attributions=true or attributions=false" in response.json()["error"]


def test_an_endless_answer_to_a_long_value_is_cut(client: TestClient) -> None:
    for body in (json.dumps([["x" * 100_000, "y", 1]]), json.dumps([{"x" * 100_000: 1}])):
        assert len(ask(client, body).text) < 1000


def test_a_body_over_the_limit_is_refused_whether_it_is_announced_or_not(predictor: Predictor) -> None:
    client = TestClient(create_app(predictor, NULL_VALUES, 1))
    line = b"39,Private,40.5\n"
    fitting = line * (MEBIBYTE // len(line))
    assert ask(client, fitting, "text/csv").status_code == 200
    assert ask(client, fitting + line, "text/csv").status_code == 413
    unannounced = client.post("/invocations", content=iter([fitting, line]), headers={"content-type": "text/csv"})
    assert unannounced.status_code == 413
    assert f"larger than {MEBIBYTE} bytes" in unannounced.json()["error"]


def test_a_failing_model_shows_no_stack_trace(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Predictor, features: object, explained: bool) -> None:
        raise KeyError("secret")

    monkeypatch.setattr(Predictor, "ask", fail)
    response = ask(client, json.dumps(ROWS))
    assert response.status_code == 500
    assert "secret" not in response.text


def test_other_routes_and_methods_are_refused_as_json(client: TestClient) -> None:
    assert client.get("/other").json() == {"error": "Not Found"}
    refused = client.get("/invocations")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client.get("/ping/").status_code == 404
