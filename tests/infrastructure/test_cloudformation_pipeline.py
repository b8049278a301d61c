"""The batch pipeline's definition is one that SageMaker takes, in every combination of what may be absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from jsonschema import Draft202012Validator

from tests.infrastructure.cfn_templates import Document, Resolver
from tests.infrastructure.conftest import Parameters

SCHEMA = Path(__file__).parents[1] / "schema" / "pipeline-definition.schema.json"
PLENTY: dict[str, str] = {}
BARE = {"SubnetIds": "", "SecurityGroupIds": "", "BatchVolumeKeyArn": "", "Schedule": "", "OnNewData": "false"}


def resources(templates: dict[str, Document], parameters: Parameters, changes: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = Resolver(templates["batch"], {**parameters["batch"]["production"], **changes}).resources()
    return found


def definition(templates: dict[str, Document], parameters: Parameters, changes: dict[str, str]) -> dict[str, Any]:
    pipeline = resources(templates, parameters, changes)["Pipeline"]["Properties"]
    found: dict[str, Any] = json.loads(pipeline["PipelineDefinition"]["PipelineDefinitionBody"])
    return found


@pytest.mark.parametrize("changes", [PLENTY, BARE], ids=["plenty", "bare"])
def test_definition_holds_to_the_schema(
    changes: dict[str, str], templates: dict[str, Document], parameters: Parameters
) -> None:
    document = definition(templates, parameters, changes)
    assert complaints(document) == []
    assert [step["Name"] for step in document["Steps"]] == ["Prepare", "Transform", "Reconcile"]


@pytest.mark.parametrize("missing", ["ModelName", "TransformInput", "TransformOutput", "TransformResources"])
def test_schema_refuses_half_a_transform(missing: str, templates: dict[str, Document], parameters: Parameters) -> None:
    document = definition(templates, parameters, PLENTY)
    del document["Steps"][1]["Arguments"][missing]
    assert complaints(document)


def complaints(document: dict[str, Any]) -> list[str]:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return [error.message[:300] for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("changes", [PLENTY, BARE], ids=["plenty", "bare"])
def test_arguments_are_requests_that_sagemaker_takes(
    changes: dict[str, str], templates: dict[str, Document], parameters: Parameters
) -> None:
    model = botocore.session.Session().get_service_model("sagemaker")
    names = {"Processing": "ProcessingJobName", "Transform": "TransformJobName"}
    for step in definition(templates, parameters, changes)["Steps"]:
        shape = model.operation_model(f"Create{step['Type']}Job").input_shape
        request = {**written_out(step["Arguments"]), names[step["Type"]]: "pipelines-abc-step"}
        assert ParamValidator().validate(request, shape).generate_report() == ""


def written_out(value: Any) -> Any:
    """Arguments as SageMaker gets them: joins joined, references replaced."""
    if isinstance(value, list):
        return [written_out(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Get" in value:
        return "value"
    if "Std:Join" in value:
        return value["Std:Join"]["On"].join(map(written_out, value["Std:Join"]["Values"]))
    return {key: written_out(each) for key, each in value.items()}


def test_jobs_are_isolated_encrypted_and_tagged(templates: dict[str, Document], parameters: Parameters) -> None:
    given = parameters["batch"]["production"]
    for step in definition(templates, parameters, PLENTY)["Steps"]:
        arguments = step["Arguments"]
        assert arguments["Tags"] == json.loads(given["JobTags"]) != []
        assert {policy["MaxAttempts"] for policy in step["RetryPolicies"]} == {4, 5}
        if step["Type"] == "Transform":
            assert arguments["TransformOutput"]["KmsKeyId"] == given["KmsKeyArn"]
            assert arguments["TransformResources"]["VolumeKmsKeyId"] == given["BatchVolumeKeyArn"]
            continue
        network = arguments["NetworkConfig"]
        assert network["EnableNetworkIsolation"] and network["EnableInterContainerTrafficEncryption"]
        assert network["VpcConfig"]["Subnets"] == given["SubnetIds"].split(",")
        assert network["VpcConfig"]["SecurityGroupIds"] == given["SecurityGroupIds"].split(",")
        assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == given["KmsKeyArn"]
        assert arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == given["BatchVolumeKeyArn"]


def test_transform_scores_the_shards_and_nothing_beside_them(
    templates: dict[str, Document], parameters: Parameters
) -> None:
    prepare, transform, reconcile = (step["Arguments"] for step in definition(templates, parameters, PLENTY)["Steps"])
    prepared = written_out(prepare["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"])
    source = written_out(transform["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"])
    assert source == f"{prepared}/part-"
    inputs = {each["InputName"]: written_out(each["S3Input"]["S3Uri"]) for each in reconcile["ProcessingInputs"]}
    assert inputs == {"prepared": prepared, "transformed": written_out(transform["TransformOutput"]["S3OutputPath"])}
    assert transform["DataProcessing"] == {"InputFilter": "$.features", "JoinSource": "Input"}


@pytest.mark.parametrize(("changes", "there"), [(PLENTY, True), (BARE, False)], ids=["plenty", "bare"])
def test_triggers_are_there_when_asked_for(
    changes: dict[str, str], there: bool, templates: dict[str, Document], parameters: Parameters
) -> None:
    found = resources(templates, parameters, changes)
    assert ("Timetable" in found) == there
    assert ("NewDataRule" in found) == there


def test_triggers_give_what_the_pipeline_takes(templates: dict[str, Document], parameters: Parameters) -> None:
    found = resources(templates, parameters, PLENTY)
    declared = {each["Name"] for each in definition(templates, parameters, PLENTY)["Parameters"]}
    (target,) = found["NewDataRule"]["Properties"]["Targets"]
    timetable = found["Timetable"]["Properties"]["Target"]
    for trigger in (target, timetable):
        given = trigger["SageMakerPipelineParameters"]["PipelineParameterList"]
        assert {each["Name"] for each in given} == declared
        assert trigger["Arn"].endswith(f":pipeline/{found['Pipeline']['Properties']['PipelineName']}")
