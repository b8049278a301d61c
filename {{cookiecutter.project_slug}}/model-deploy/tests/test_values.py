"""The deployment values: the contract with templates and Terraform."""

from __future__ import annotations

import dataclasses
import json

import pytest

from model_deploy import values
from tests.stages import bindings_of, deployment_of, package, settings_of

OUTPUTS = {"ExecutionRoleArn": "role", "DataBucket": "bucket", "TopicArn": "topic"}


@pytest.mark.parametrize(
    ("inference", "parts"),
    [
        ("realtime", ("foundation", "endpoint")),
        ("serverless", ("foundation", "endpoint")),
        ("async", ("foundation", "endpoint")),
        ("batch", ("foundation", "batch")),
        ("realtime_and_batch", ("foundation", "endpoint", "batch")),
    ],
)
def test_a_stage_has_the_parts_of_its_way_of_inference(inference: str, parts: tuple[str, ...]) -> None:
    assert deployment_of(inference).parts == parts
    assert deployment_of(inference, version=None).parts == ("foundation",)


@pytest.mark.parametrize("inference", ["realtime", "serverless", "async", "batch", "realtime_and_batch"])
def test_terraform_gets_each_value_of_each_stack_under_its_own_name(inference: str) -> None:
    deployment = deployment_of(inference)
    stacks: dict[str, object] = {}
    for part in deployment.parts:
        stacks |= values.stack_values(deployment, part, OUTPUTS)
    own = {values.variable_name(name) for name in stacks.keys() - OUTPUTS.keys()}
    assert values.module_values(deployment).keys() == own | {"region", "tags", "deploy_role_arn"}


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("ModelPackageArn", "model_package_arn"),
        ("LatencyP99Ms", "latency_p99_ms"),
        ("Errors5xx", "errors_5xx"),
        ("MaxPayloadMb", "max_payload_mb"),
        ("BatchVolumeKeyArn", "batch_volume_key_arn"),
    ],
)
def test_a_value_has_the_same_name_in_snake_case_for_terraform(name: str, variable: str) -> None:
    assert values.variable_name(name) == variable


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (["a", "b"], "a,b"), ([], ""), (3, "3"), (0.1, "0.1")]
)
def test_values_become_text_for_cloudformation(value: object, text: str) -> None:
    assert values.parameter_text(value) == text


@pytest.mark.parametrize(
    "local", ["ml.m5d.large", "ml.g5.xlarge", "ml.g4dn.xlarge", "ml.c6gd.large", "ml.p4d.24xlarge"]
)
def test_no_key_is_given_for_storage_that_hardware_encrypts(local: str) -> None:
    bindings = bindings_of(settings_of())
    assert values.volume_key(local, bindings) == ""
    for with_volume in ("ml.m5.large", "ml.c5.xlarge", "ml.m7i.large", "ml.t2.medium", "ml.p3.2xlarge"):
        assert values.volume_key(with_volume, bindings) == bindings.kms_key_arn


def test_a_challenger_takes_its_share_from_the_first_model_only_if_it_answers() -> None:
    challenger = settings_of().stages["staging"].challenger
    assert challenger is not None
    shadow = dataclasses.replace(challenger, version=4, mode="shadow", weight=0.3)
    assert values.primary_weight(shadow, package(4)) == 1.0
    assert values.primary_weight(dataclasses.replace(shadow, mode="ab"), package(4)) == 0.7
    assert values.primary_weight(dataclasses.replace(shadow, mode="ab"), None) == 1.0


def test_everything_carries_the_tags_of_project_and_deployment() -> None:
    deployment = deployment_of("batch")
    tags = {tag["Key"]: tag["Value"] for tag in json.loads(values.batch_values(deployment)["JobTags"])}
    assert tags == deployment.tags
    assert tags["deployment"] == "census-income-staging" and tags["sagemaker:project-id"] == "p-abcdefghijkl"


def test_two_deployments_can_be_told_apart_by_their_values() -> None:
    first = deployment_of()
    second = dataclasses.replace(first, package=package(4))
    assert values.values_hash(values.module_values(first)) == values.values_hash(values.module_values(deployment_of()))
    assert values.values_hash(values.module_values(first)) != values.values_hash(values.module_values(second))
