"""Every step's arguments are a request that AWS's own service model accepts: names, types, enums, lengths, patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from definitions import VARIANTS, definition, steps

MODEL = botocore.session.get_session().get_service_model("sagemaker")
OPERATIONS = {
    "Processing": ("CreateProcessingJob", {"ProcessingJobName": "job"}),
    "Training": ("CreateTrainingJob", {"TrainingJobName": "job"}),
    "RegisterModel": ("CreateModelPackage", {}),
}
UNICODE = {"L": "a-zA-Z", "M": "", "Z": " ", "S": "$+<=>`|~", "N": "0-9", "P": r"!-/:-@\[\]_"}
REQUESTS = [
    pytest.param(document, step, id=f"{inference}-{accounts}-{step['Name']}")
    for inference, accounts in VARIANTS
    for document in [definition(inference, accounts)]
    for step in steps(document)
    if step["Type"] in OPERATIONS
]


def evaluate(value: Any, document: dict[str, Any]) -> Any:
    """`value` with every pipeline variable replaced by something it could become."""
    if isinstance(value, list):
        return [evaluate(item, document) for item in value]
    if not isinstance(value, dict):
        return value
    if "Std:Join" in value:
        return value["Std:Join"]["On"].join(str(evaluate(item, document)) for item in value["Std:Join"]["Values"])
    if "Std:JsonGet" in value:
        return "0123456789abcdef"
    if "Get" in value:
        root, _, name = value["Get"].partition(".")
        defaults = {parameter["Name"]: parameter.get("DefaultValue", "given") for parameter in document["Parameters"]}
        return defaults[name] if root == "Parameters" else "s3://bucket/key" if root == "Steps" else "arn-or-id"
    return {key: evaluate(item, document) for key, item in value.items()}


def complaints(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Where a value breaks an enum, a length or a pattern, which botocore itself doesn't check."""
    if shape.type_name == "structure":
        for key, item in value.items():
            yield from complaints(item, shape.members[key], f"{where}.{key}")
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from complaints(item, shape.member, f"{where}[{index}]")
    elif shape.type_name == "map":
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{where} has {len(value)} entries"
        for key, item in value.items():
            yield from complaints(key, shape.key, f"{where} key {key}")
            yield from complaints(item, shape.value, f"{where}.{key}")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{where} = {value!r} is not one of {shape.enum}"
        if not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)):
            yield f"{where} = {value!r} has the wrong length"
        pattern = re.sub(r"\\p\{(\w)\}", lambda found: UNICODE[found[1]], shape.metadata.get("pattern", ""))
        pattern = re.sub(r"\$\{[\d,]+\}$", "", pattern)
        if pattern and not re.fullmatch(pattern, value):
            yield f"{where} = {value!r} does not match {pattern}"


@pytest.mark.parametrize(("document", "step"), REQUESTS)
def test_arguments_are_a_valid_request(document: dict[str, Any], step: dict[str, Any]) -> None:
    operation, name = OPERATIONS[step["Type"]]
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    request = {**evaluate(step["Arguments"], document), **name}
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()
    assert list(complaints(request, shape, step["Name"])) == []


@pytest.mark.parametrize(("document", "step"), REQUESTS)
def test_names_of_inputs_and_outputs_are_the_arguments_of_the_module(
    document: dict[str, Any], step: dict[str, Any]
) -> None:
    if step["Type"] != "Processing":
        return
    arguments = step["Arguments"]
    given = arguments["AppSpecification"]["ContainerArguments"]
    paths = {given[index]: given[index + 1] for index in range(0, len(given), 2)}
    for port in arguments["ProcessingInputs"]:
        assert paths[f"--{port['InputName']}"] == port["S3Input"]["LocalPath"]
    for port in arguments["ProcessingOutputConfig"]["Outputs"]:
        assert paths[f"--{port['OutputName']}"] == port["S3Output"]["LocalPath"]
