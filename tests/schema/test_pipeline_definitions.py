"""Definitions of every combination of problem type, inference and accounts hold to the pipeline-definition schema."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

SCHEMA = json.loads((Path(__file__).parent / "pipeline-definition.schema.json").read_text(encoding="utf-8"))
Definitions = dict[str, dict[str, Any]]

pytestmark = pytest.mark.slow


def complaints(document: Any) -> list[str]:
    errors = sorted(Draft202012Validator(SCHEMA).iter_errors(document), key=lambda error: error.json_path)
    return [f"{error.json_path}: {error.message[:300]}" for error in errors]


def test_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_definition_holds_to_the_schema(definitions: Definitions) -> None:
    assert len(definitions) == 30
    assert {name: found for name, document in definitions.items() if (found := complaints(document))} == {}


REMOVED = object()
CONDITION = ("Gate", "Arguments", "Conditions", 0)
BROKEN = {
    "another version": (("Version",), "2021-01-01"),
    "unknown key": (("Trigger",), {}),
    "unknown step type": (("Train", "Type"), "Tune"),
    "unknown step key": (("Train", "Retry"), 3),
    "step without arguments": (("Train", "Arguments"), REMOVED),
    "job name": (("Train", "Arguments", "TrainingJobName"), "mine"),
    "tags on a version": (("Register", "Arguments", "Tags"), []),
    "cache of no duration": (("Train", "CacheConfig", "ExpireAfter"), "30d"),
    "unknown exception": (("Train", "RetryPolicies", 0, "ExceptionType"), ["Error"]),
    "endless retry": (("Train", "RetryPolicies", 0, "MaxAttempts"), REMOVED),
    "property file without path": (("Evaluate", "PropertyFiles", 0, "FilePath"), REMOVED),
    "variable of nothing": (("Train", "Arguments", "RoleArn"), {"Get": "Role"}),
    "half an expression": (("Train", "Arguments", "RoleArn"), {"Std:Join": {}}),
    "unknown comparison": ((*CONDITION, "Type"), "NotEquals"),
    "comparison with nothing": ((*CONDITION, "RightValue"), REMOVED),
    "failure without words": (("GateFailed", "Arguments", "ErrorMessage"), REMOVED),
}


@pytest.mark.parametrize(("path", "value"), BROKEN.values(), ids=BROKEN)
def test_schema_refuses(definitions: Definitions, path: tuple[Any, ...], value: object) -> None:
    document = copy.deepcopy(next(iter(definitions.values())))
    steps = {step["Name"]: step for step in document["Steps"]}
    branches = steps["Gate"]["Arguments"]
    steps |= {step["Name"]: step for step in branches["IfSteps"] + branches["ElseSteps"]}
    *way, last = path
    place: Any = {**document, **steps}[way[0]] if way else document
    for key in way[1:]:
        place = place[key]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    assert complaints(document)
