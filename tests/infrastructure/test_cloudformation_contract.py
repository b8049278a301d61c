"""Templates and command line agree on parameters; no template knows an account, a partition or a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Document, Resolver
from tests.infrastructure.conftest import Parameters, accepted

NAMES = ("batch", "endpoint-async", "endpoint-realtime", "endpoint-serverless", "foundation")
# CloudFormation keeps the instances of a rollout by RetainAllVariantProperties.
NOT_TAKEN = {
    "foundation": {"ProjectName", "ProjectId", "JobTags"},
    "endpoint-serverless": {"DataBucket"},
    "endpoint-realtime": {"InitialInstances"},
    "endpoint-async": {"InitialInstances"},
}
OUTPUTS = {
    "foundation": ["DataBucket", "ExecutionRoleArn", "TopicArn"],
    "endpoint-realtime": ["EndpointName", "ModelName"],
    "endpoint-async": ["EndpointName", "ModelName"],
    "endpoint-serverless": ["EndpointName", "ModelName"],
    "batch": ["PipelineName"],
}


@pytest.mark.parametrize("name", NAMES)
def test_command_line_gives_exactly_the_parameters(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    declared = set(templates[name]["Parameters"])
    for values in parameters[name].values():
        assert declared == set(values) - NOT_TAKEN.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_given_values_are_allowed(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    declared = templates[name]["Parameters"]
    for values in parameters[name].values():
        for key, text in accepted(templates[name], values).items():
            assert allows(declared[key], text), f"{key} = {text!r}"


@pytest.mark.parametrize(
    ("name", "key", "text"),
    [
        ("foundation", "ProjectSlug", "-slug"),
        ("foundation", "ProjectSlug", "a" * 33),
        ("foundation", "Stage", "test"),
        ("foundation", "KmsKeyArn", ""),
        ("foundation", "KmsKeyArn", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"),
        ("foundation", "SubnetIds", "subnet-1,subnet-2"),
        ("foundation", "NotificationEmail", "nobody"),
        ("foundation", "MonthlyBudgetUsd", "0"),
        ("endpoint-realtime", "ModelPackageArn", "arn:aws:sagemaker:eu-west-1:111122223333:model-package/census"),
        ("endpoint-realtime", "Instances", "0"),
        ("endpoint-realtime", "RolloutStepPercent", "51"),
        ("endpoint-realtime", "ChallengerWeight", "1.5"),
        ("endpoint-realtime", "LogRetentionDays", "31"),
        ("endpoint-serverless", "MemoryMb", "1500"),
        ("batch", "ImageUri", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/census:latest"),
        ("batch", "Schedule", "every night"),
        ("batch", "MaxPayloadMb", "101"),
        ("batch", "JobTags", "owner=me"),
    ],
)
def test_parameter_refuses(name: str, key: str, text: str, templates: dict[str, Document]) -> None:
    assert not allows(templates[name]["Parameters"][key], text)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_described_checked_and_used(name: str, templates: dict[str, Document]) -> None:
    template = templates[name]
    used = json.dumps([template["Resources"], template.get("Conditions"), template.get("Outputs")])
    for key, declaration in template["Parameters"].items():
        assert declaration["Description"], key
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(declaration), key
        assert f'"Ref": "{key}"' in used or f"${{{key}}}" in used, key


@pytest.mark.parametrize("name", NAMES)
def test_only_what_may_be_absent_has_a_default(name: str, templates: dict[str, Document]) -> None:
    given = {key: each["Default"] for key, each in templates[name]["Parameters"].items() if "Default" in each}
    switches = {
        "Autoscaling": "true",
        "AutoRollback": "true",
        "ChallengerMode": "shadow",
        "ChallengerWeight": 0,
        "PrimaryWeight": 1,
    }
    neutral = {**switches, "ProvisionedConcurrency": 0, "JobTags": "[]"}
    assert {key: value for key, value in given.items() if value != neutral.get(key, "")} == {}


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_contract(name: str, templates: dict[str, Document]) -> None:
    assert sorted(templates[name]["Outputs"]) == OUTPUTS[name]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_belongs_to_an_account_or_partition(name: str, template_files: dict[str, Path]) -> None:
    text = template_files[name].read_text(encoding="utf-8")
    resources = text[text.index("Resources:") :]
    assert not re.search(r"arn:aws[a-z-]*:|\b\d{12}\b|amazonaws\.com/|resolve:", resources)


@pytest.mark.parametrize("name", NAMES)
def test_values_of_the_command_line_break_no_rule(
    name: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    for values in parameters[name].values():
        resolver = Resolver(templates[name], {**accepted(templates[name], values), **without_challenger(name)})
        assert resolver.broken_rules() == []


@pytest.mark.parametrize(
    ("name", "changes", "rule"),
    [
        ("endpoint-realtime", {"RolloutPolicy": "rolling"}, "RollingTakesOneVariant"),
        ("endpoint-realtime", {"RolloutPolicy": "canary", "Instances": "1"}, "StepsTakeTwoInstances"),
        ("endpoint-async", {"RolloutPolicy": "linear", "Instances": "0"}, "StepsTakeTwoInstances"),
        ("endpoint-async", {"RolloutPolicy": "linear", "Instances": "1"}, "StepsTakeTwoInstances"),
        ("endpoint-async", {"SecurityGroupIds": ""}, "SubnetsNeedSecurityGroups"),
        ("foundation", {"SubnetIds": ""}, "SecurityGroupsNeedSubnets"),
        ("batch", {"SecurityGroupIds": ""}, "SubnetsNeedSecurityGroups"),
    ],
)
def test_rule_refuses_a_contradiction(
    name: str, changes: dict[str, str], rule: str, templates: dict[str, Document], parameters: Parameters
) -> None:
    values = {**accepted(templates[name], parameters[name]["production"]), **changes}
    assert Resolver(templates[name], values).broken_rules() == [rule]


LIMITS = {  # the name's property and the characters that AWS allows, from the service models
    "AWS::ApplicationAutoScaling::ScalingPolicy": ("PolicyName", 256),
    "AWS::Budgets::Budget": ("Budget.BudgetName", 100),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255),
    "AWS::CloudWatch::Dashboard": ("DashboardName", 255),
    "AWS::Events::Rule": ("Name", 64),
    "AWS::IAM::Policy": ("PolicyName", 128),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::SageMaker::Endpoint": ("EndpointName", 63),
    "AWS::SageMaker::Pipeline": ("PipelineName", 256),
    "AWS::Scheduler::Schedule": ("Name", 64),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_longest_slug_fit(name: str, templates: dict[str, Document], parameters: Parameters) -> None:
    values = {**accepted(templates[name], parameters[name]["production"]), "ProjectSlug": "A" * 32}
    found = 0
    for resource in Resolver(templates[name], values).resources().values():
        if resource["Type"] in LIMITS:
            (path, limit), text = LIMITS[resource["Type"]], resource["Properties"]
            for key in path.split("."):
                text = text[key]
            assert len(text) <= limit
            found += 1
    assert found


def without_challenger(name: str) -> dict[str, str]:
    return {"ChallengerModelPackageArn": ""} if name == "endpoint-realtime" else {}


def allows(declaration: dict[str, Any], text: str) -> bool:
    """Whether CloudFormation takes `text` for the parameter; a list's elements are checked one by one."""
    if "AllowedValues" in declaration:
        return text in map(str, declaration["AllowedValues"])
    if declaration["Type"] == "Number":
        return declaration["MinValue"] <= float(text) <= declaration.get("MaxValue", float("inf"))
    parts = text.split(",") if declaration["Type"] == "CommaDelimitedList" else [text]
    return all(re.fullmatch(declaration["AllowedPattern"], part) for part in parts)
