"""Definitions hold to the schema that AWS publishes, with what it lacks added to a loaded copy of it.

The file is `schema/pipeline-definition.schema.json` of github.com/aws-sagemaker-mlops/
sagemaker-model-building-pipeline-definition-JSON-schema, last changed in April 2025; the environment variable
SAGEMAKER_PIPELINE_SCHEMA says where it is.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

PUBLIC_SCHEMA = os.environ.get("SAGEMAKER_PIPELINE_SCHEMA", "")
REGISTRATION_MEMBERS = (
    "CustomerMetadataProperties",
    "Domain",
    "DriftCheckBaselines",
    "MetadataProperties",
    "ModelApprovalStatus",
    "Task",
)


def extended(published: dict[str, Any]) -> dict[str, Any]:
    """AWS's schema with what the service has learnt since and the SDK emits; nothing that it demands is dropped."""
    schema = copy.deepcopy(published)
    known = schema["definitions"]
    _add_expressions(known)
    _add_envelope(schema)
    _add_step_keys(known)
    _add_registration_members(known["RegisterModelStep"]["properties"]["Arguments"]["properties"])
    return schema


def _add_expressions(known: dict[str, Any]) -> None:
    """Std:JsonGet is unknown there, and Std:Join, though defined, is accepted nowhere."""
    values = {
        "type": "array",
        "items": {"anyOf": [{"type": ["string", "number"]}, {"$ref": "#/definitions/Expression"}]},
    }
    known["JoinFunction"]["properties"]["Std:Join"] = {
        "type": "object",
        "properties": {"On": {"type": "string"}, "Values": values},
        "required": ["Values"],
        "additionalProperties": False,
    }
    known["JsonGetFunction"] = {
        "type": "object",
        "properties": {
            "Std:JsonGet": {
                "type": "object",
                "properties": {"PropertyFile": {"$ref": "#/definitions/GetFunction"}, "Path": {"type": "string"}},
                "required": ["PropertyFile", "Path"],
                "additionalProperties": False,
            }
        },
        "required": ["Std:JsonGet"],
        "additionalProperties": False,
    }
    functions = [{"$ref": f"#/definitions/{name}Function"} for name in ("Get", "Join", "JsonGet")]
    known["Expression"] = {"oneOf": functions}
    for kind in ("String", "Integer", "Float", "Boolean"):
        known[f"{kind}ArgumentValue"]["oneOf"][1] = {"$ref": "#/definitions/Expression"}


def _add_envelope(schema: dict[str, Any]) -> None:
    """Experiments and MLflow settings, always emitted by the SDK, as null when there are none; allowed values."""
    for name in ("PipelineExperimentConfig", "MlflowConfig"):
        schema["properties"].setdefault(name, {"type": ["object", "null"]})
    choices = {"type": "array", "items": {"type": "string"}}
    schema["definitions"]["StringParameter"]["properties"].setdefault("EnumValues", choices)


def _add_step_keys(known: dict[str, Any]) -> None:
    """Property files; several exceptions to one retry policy."""
    files = {"type": "array", "items": {"type": "object", "required": ["PropertyFileName", "OutputName", "FilePath"]}}
    known["ProcessingStep"]["properties"].setdefault("PropertyFiles", files)
    exception = known["RetryPolicy"]["properties"]["ExceptionType"]
    known["RetryPolicy"]["properties"]["ExceptionType"] = {"type": "array", "items": exception}


def _add_registration_members(members: dict[str, Any]) -> None:
    """What CreateModelPackage has learnt; the project's tests hold it to botocore's service model."""
    for member in REGISTRATION_MEMBERS:
        members.setdefault(member, {})
    bias = members["ModelMetrics"]["properties"]["Bias"]["properties"]
    for report in ("PreTrainingReport", "PostTrainingReport"):
        bias.setdefault(report, bias["Report"])


@pytest.mark.slow
@pytest.mark.skipif(not PUBLIC_SCHEMA, reason="no SAGEMAKER_PIPELINE_SCHEMA; docs/decisions/pipeline-schema.md")
def test_every_definition_holds_to_the_schema_that_aws_publishes(definitions: dict[str, dict[str, Any]]) -> None:
    published = json.loads(Path(PUBLIC_SCHEMA).read_text(encoding="utf-8"))
    validator = Draft7Validator(extended(published))
    found = {name: [error.json_path for error in validator.iter_errors(each)] for name, each in definitions.items()}
    assert {name: places for name, places in found.items() if places} == {}
    assert all(list(Draft7Validator(published).iter_errors(each)) for each in definitions.values()), "extend no longer"
