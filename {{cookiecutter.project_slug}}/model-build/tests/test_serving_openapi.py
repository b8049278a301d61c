"""The published OpenAPI document says what the server does."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from serving_models import EXPLAIN, FEATURES, ROWS, ask
from starlette.testclient import TestClient

from model_build.serving.openapi import document
from model_build.serving.predictor import Predictor


@pytest.fixture
def contract(client: TestClient) -> dict[str, Any]:
    published: dict[str, Any] = client.get("/openapi.json").json()
    return published


def validator(contract: dict[str, Any], schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**schema, "components": contract["components"]})


def test_the_document_is_made_from_the_signature_alone(contract: dict[str, Any], predictor: Predictor) -> None:
    signature = json.loads(json.dumps(predictor.preprocessing.signature()))
    assert json.loads(json.dumps(document(signature, "model"))) == contract
    row = contract["components"]["schemas"]["Row"]["anyOf"][0]
    assert row["required"] == FEATURES


@pytest.mark.parametrize("headers", [{}, EXPLAIN])
def test_answers_are_as_the_document_says(
    client: TestClient, contract: dict[str, Any], headers: dict[str, str]
) -> None:
    responses = contract["paths"]["/invocations"]["post"]["responses"]
    for body, media, accept, status in [
        (json.dumps(ROWS), "application/json", None, "200"),
        ("{}", "application/json", None, "400"),
        (json.dumps(ROWS), "application/json", "image/png", "406"),
        ("x", "image/png", None, "415"),
    ]:
        response = ask(client, body, media, accept, **headers)
        assert str(response.status_code) == status
        schema = responses[status]["content"]["application/json"]["schema"]
        validator(contract, schema).validate(response.json())


def test_requests_that_the_document_allows_are_answered(client: TestClient, contract: dict[str, Any]) -> None:
    schema = contract["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    for body in (ROWS, {"instances": ROWS}, [list(row.values()) for row in ROWS]):
        validator(contract, schema).validate(body)
        assert ask(client, json.dumps(body)).status_code == 200


@pytest.mark.parametrize("body", [[], {"instances": []}, [{"age": 1}], [[1, "x"]], [[1.5, "x", 1]], [[1, 2, 3]], 1])
def test_requests_that_the_document_forbids_are_refused(
    client: TestClient, contract: dict[str, Any], body: object
) -> None:
    schema = contract["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert not validator(contract, schema).is_valid(body)
    assert ask(client, json.dumps(body)).status_code == 400
