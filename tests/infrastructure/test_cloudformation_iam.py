"""Roles can do what their work needs on what belongs to the stage, and nothing else."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Document, Resolver
from tests.infrastructure.conftest import Parameters, accepted

NAMES = ("batch", "endpoint-async", "endpoint-realtime", "endpoint-serverless", "foundation")
WITHOUT_RESOURCES = {
    # Service Authorization Reference: none of these knows a resource.
    "LogInToRegistry": {"ecr:GetAuthorizationToken"},
    "PublishMetrics": {"cloudwatch:PutMetricData"},
    "LookAtNetwork": {
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    },
}
OF_SERVICES = {"ec2": "network-interface/*", "sagemaker": "-job/pipelines-*"}
DANGEROUS = {"iam:PassRole": "iam:PassedToService", "kms:CreateGrant": "kms:GrantIsForAWSResource"}


def statements(name: str, templates: dict[str, Document], parameters: Parameters) -> Iterator[dict[str, Any]]:
    values = accepted(templates[name], parameters[name]["production"])
    for resource in Resolver(templates[name], values).resources().values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Policy":
            yield from properties["PolicyDocument"]["Statement"]
        if resource["Type"] == "AWS::IAM::Role":
            policies = (policy["PolicyDocument"]["Statement"] for policy in properties["Policies"])
            yield from itertools.chain.from_iterable(policies)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", NAMES)
def test_statements_allow_named_actions_and_say_what_for(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    found = list(statements(name, templates, parameters))
    assert found
    for statement in found:
        assert statement["Effect"] == "Allow"
        assert re.fullmatch(r"[A-Z][A-Za-z]+", statement["Sid"])
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in listed(statement["Action"])), statement


@pytest.mark.parametrize("name", NAMES)
def test_only_actions_without_resources_are_allowed_everywhere(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    everywhere = [each for each in statements(name, templates, parameters) if "*" in listed(each["Resource"])]
    assert [
        each["Sid"] for each in everywhere if set(listed(each["Action"])) != WITHOUT_RESOURCES.get(each["Sid"])
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_wide_resources_are_narrowed_by_conditions(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    """A resource that ends in /* belongs to the stage by its name, or a condition says which ones are meant."""
    own = re.compile(r"census-income-(staging|production)|training-artifacts/census-income/|^<DataBucket|^<")
    for statement in statements(name, templates, parameters):
        for resource in listed(statement["Resource"]):
            if resource == "*" or "*" not in resource or own.search(resource) or "Condition" in statement:
                continue
            service = resource.split(":")[2]
            known = OF_SERVICES.get(service, "log-group:/aws/sagemaker/")
            assert known in resource, statement


@pytest.mark.parametrize("name", NAMES)
def test_dangerous_actions_have_their_condition(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    for statement in statements(name, templates, parameters):
        for action in set(listed(statement["Action"])) & set(DANGEROUS):
            keys = {key for test in statement["Condition"].values() for key in test}
            assert DANGEROUS[action] in keys


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_used_only_through_services(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    """EventBridge Scheduler decrypts as the role itself; its encryption context names the schedule."""
    through = {"kms:ViaService", "kms:EncryptionContext:aws:scheduler:schedule:arn"}
    for statement in statements(name, templates, parameters):
        if {"kms:Decrypt", "kms:GenerateDataKey"} & set(listed(statement["Action"])):
            assert through & set(statement["Condition"]["StringEquals"])


def test_jobs_without_isolation_or_key_are_forbidden(templates: dict[str, Document], parameters: Parameters) -> None:
    found = {each["Sid"]: each for each in statements("batch", templates, parameters)}
    key = {"sagemaker:OutputKmsKey": parameters["batch"]["production"]["KmsKeyArn"]}
    isolated = {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"}
    assert found["RunProcessing"]["Condition"] == {"Bool": isolated, "ArnEquals": key}
    assert found["RunTransform"]["Condition"] == {"ArnEquals": key}


def test_trigger_role_starts_this_pipeline_only(templates: dict[str, Document], parameters: Parameters) -> None:
    found = {each["Sid"]: each for each in statements("batch", templates, parameters)}
    start = found["StartPipeline"]
    assert start["Action"] == "sagemaker:StartPipelineExecution"
    assert start["Resource"].endswith(":pipeline/census-income-production-batch")


def test_execution_role_writes_no_deployment_history(templates: dict[str, Document], parameters: Parameters) -> None:
    for name in NAMES:
        for statement in statements(name, templates, parameters):
            if "s3:PutObject" in listed(statement["Action"]):
                places = [resource.partition("/")[2] for resource in listed(statement["Resource"])]
                allowed = ("capture/*", "async/output/*", "async/failure/*")
                assert all(place in allowed or place.startswith("batch/") for place in places)
