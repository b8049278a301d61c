"""The server's OpenAPI 3.1 document, made from the model's signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from model_build.serving.answers import score_names
from model_build.serving.cells import LARGEST
from model_build.serving.formats import CSV, JSON, JSON_LINES, PARQUET

Schema = dict[str, Any]
EXACT = 2**53
ERRORS = {
    "400": "The request can't be read; the error says which row and feature, and what would be accepted.",
    "406": "None of the media types in Accept can be written.",
    "413": "The body is too large.",
    "415": "The media type of the body is not read.",
}
BODY_ERROR = {"$ref": "#/components/schemas/Error"}


def document(signature: Mapping[str, Any], title: str, payload_limit_mb: int = 6) -> dict[str, Any]:
    """OpenAPI 3.1 document of the server of a model.

    Args:
        signature: content of the package's signature.json.
        title: name of the model.
        payload_limit_mb: mebibytes a request's body may have.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": str(signature["version"]),
            "description": f"Predicts {signature['label']}. A body may have up to {payload_limit_mb} MiB.",
        },
        "paths": {
            "/ping": {"get": _ping()},
            "/invocations": {"post": _invocations(signature)},
            "/execution-parameters": {"get": _execution_parameters()},
            "/openapi.json": {"get": _plain_get("describe", "This document", {"type": "object"})},
        },
        "components": {"schemas": _schemas(signature)},
    }


def _schemas(signature: Mapping[str, Any]) -> dict[str, Schema]:
    features = {feature["name"]: _feature(feature) for feature in signature["features"]}
    record = {
        "type": "object",
        "properties": features,
        "required": list(features),
        "additionalProperties": False,
    }
    values = {
        "type": "array",
        "description": "Values in the order " + ", ".join(features),
        "prefixItems": list(features.values()),
        "items": False,
        "minItems": len(features),
    }
    rows = {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Row"}}
    return {
        "Row": {"anyOf": [record, values]},
        "Request": {
            "anyOf": [
                rows,
                {
                    "type": "object",
                    "properties": {"instances": rows},
                    "required": ["instances"],
                    "additionalProperties": False,
                },
            ]
        },
        "Prediction": _prediction(signature, list(features)),
        "Error": {
            "type": "object",
            "properties": {"error": {"type": "string", "minLength": 1}},
            "required": ["error"],
            "additionalProperties": False,
        },
    }


def _feature(feature: Mapping[str, Any]) -> Schema:
    """What a value should be; numbers are also read from text, as CSV has nothing else."""
    match feature["type"]:
        case "string":
            known = ", ".join(feature.get("categories", ()))
            return {"type": ["string", "null"], "description": f"Others than these count as missing: {known}"}
        case "integral":
            return {"type": ["integer", "boolean", "null"], "minimum": -EXACT, "maximum": EXACT}
        case _:
            return {"type": ["number", "null"], "minimum": -LARGEST, "maximum": LARGEST}


def _prediction(signature: Mapping[str, Any], features: list[str]) -> Schema:
    classes = signature["classes"]
    number = {"type": "number"}
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    scores = dict.fromkeys(score_names(classes), probability)
    label = {"type": "string", "enum": list(classes)} if classes else number
    contributions = {
        "type": "object",
        "properties": dict.fromkeys(features, number),
        "required": features,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"prediction": label, **scores, "base_value": number, "attributions": contributions},
        "required": ["prediction", *scores],
        "dependentRequired": {"attributions": ["base_value"], "base_value": ["attributions"]},
        "additionalProperties": False,
    }


def _invocations(signature: Mapping[str, Any]) -> dict[str, Any]:
    names = ", ".join(feature["name"] for feature in signature["features"])
    text = {"type": "string"}
    prediction = {"$ref": "#/components/schemas/Prediction"}
    answers = {"type": "object", "properties": {"predictions": {"type": "array", "minItems": 1, "items": prediction}}}
    return {
        "operationId": "invoke",
        "summary": "Predict every row of the body",
        "parameters": [_custom_attributes()],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Request"}},
                JSON_LINES: {"schema": text | {"description": "A Row per line"}},
                CSV: {"schema": text | {"description": f"RFC 4180 without a header: {names}"}},
                PARQUET: {"schema": {"type": "string", "format": "binary", "description": f"Columns {names}"}},
            },
        },
        "responses": {
            "200": {
                "description": "A prediction per row, in the order of the rows",
                "content": {
                    JSON: {"schema": answers | {"required": ["predictions"], "additionalProperties": False}},
                    JSON_LINES: {"schema": text | {"description": "A Prediction per line"}},
                    CSV: {"schema": text | {"description": "A line per row: the values of a Prediction"}},
                },
            },
            **{status: _error(reason) for status, reason in ERRORS.items()},
        },
    }


def _custom_attributes() -> dict[str, Any]:
    return {
        "name": "X-Amzn-SageMaker-Custom-Attributes",
        "in": "header",
        "description": "attributions=true adds each feature's exact contribution to the margin (TreeSHAP).",
        "schema": {"type": "string", "enum": ["attributions=true", "attributions=false"]},
    }


def _ping() -> dict[str, Any]:
    responses = {"200": {"description": "The model answers"}, "503": _error("The package turned out to be damaged")}
    return {"operationId": "ping", "summary": "Whether the model is loaded", "responses": responses}


def _execution_parameters() -> dict[str, Any]:
    properties = {
        "MaxConcurrentTransforms": {"type": "integer", "minimum": 1},
        "BatchStrategy": {"type": "string", "enum": ["MULTI_RECORD"]},
        "MaxPayloadInMB": {"type": "integer", "minimum": 1},
    }
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return _plain_get("executionParameters", "How batch transform should call the server", schema)


def _plain_get(operation: str, summary: str, schema: Schema) -> dict[str, Any]:
    responses = {"200": {"description": summary, "content": {JSON: {"schema": schema}}}}
    return {"operationId": operation, "summary": summary, "responses": responses}


def _error(reason: str) -> dict[str, Any]:
    return {"description": reason, "content": {JSON: {"schema": BODY_ERROR}}}
