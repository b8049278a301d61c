"""CloudFormation creates, updates and deletes every stack of a stage in the emulated AWS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.emulated import EmulatedAws, emulated_aws
from tests.infrastructure.cfn_templates import load
from tests.infrastructure.conftest import DEPLOY_PYTHON, HERE, accepted
from tests.template.option_sets import CHOICES

pytestmark = pytest.mark.slow

STAGE = "census-income-production"
TAGS = [{"Key": "deployment", "Value": STAGE}, {"Key": "owner", "Value": "data-science"}]
PARTS = ("foundation", "endpoint", "batch")
CHANGES = {
    "foundation": {"MonthlyBudgetUsd": "321"},
    "endpoint": {"LatencyP99Ms": "777", "LogRetentionDays": "90"},
    "batch": {"MaxPayloadMb": "7", "Schedule": "cron(0 5 * * ? *)"},
}


@dataclass
class Stage:
    """The stacks of a stage, one after the other, with what its accounts have before."""

    aws: EmulatedAws
    project: Path
    given: dict[str, str] = field(default_factory=dict)

    def values(self, part: str) -> dict[str, str]:
        command = [str(DEPLOY_PYTHON), str(HERE / "deployment_parameters.py"), str(self.project)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        values: dict[str, str] = json.loads(done.stdout)["production"][part]
        without_challenger = {"ChallengerModelPackageArn": ""} if "ChallengerModelPackageArn" in values else {}
        known = {key: value for key, value in self.given.items() if key in values}
        return accepted(load(self.file(part)), {**values, **without_challenger, **known})

    def file(self, part: str) -> Path:
        return self.project / "infrastructure" / f"{part}.yaml"

    def deploy(self, part: str, verb: str, **changes: str) -> dict[str, Any]:
        name = f"{STAGE}-{part}"
        values = {**self.values(part), **changes}
        request = {
            "StackName": name,
            "TemplateBody": self.file(part).read_text(encoding="utf-8"),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Tags": TAGS,
        }
        getattr(self.aws.client("cloudformation"), f"{verb}_stack")(**request)
        stack = self.aws.stack(name)
        assert stack["StackStatus"] == f"{verb.upper()}_COMPLETE", self.aws.reasons(name)
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        self.given |= outputs
        return outputs

    def delete(self, part: str) -> None:
        identity = self.aws.stack(f"{STAGE}-{part}")["StackId"]
        self.aws.client("cloudformation").delete_stack(StackName=identity)
        assert self.aws.stack(identity)["StackStatus"] == "DELETE_COMPLETE", self.aws.reasons(identity)


@pytest.fixture
def aws() -> Iterator[EmulatedAws]:
    with emulated_aws("--control-plane-only") as found:
        yield found


@pytest.fixture
def account(aws: EmulatedAws) -> dict[str, str]:
    """What an administrator and model-build leave behind: key, boundary, and a package in the registry."""
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    boundary = aws.client("iam").create_policy(PolicyName=f"{STAGE}-boundary", PolicyDocument=json.dumps(everything))
    aws.client("s3").create_bucket(
        Bucket="training-artifacts", CreateBucketConfiguration={"LocationConstraint": aws.region}
    )
    data = "s3://training-artifacts/census-income/3/model.tar.gz"
    aws.client("s3").put_object(Bucket="training-artifacts", Key="census-income/3/model.tar.gz", Body=b"model")
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="census-income")
    image = f"{aws.account}.dkr.ecr.{aws.region}.amazonaws.com/census-income-model-build@sha256:{'0' * 64}"
    package = sagemaker.create_model_package(
        ModelPackageGroupName="census-income",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [{"Image": image, "ModelDataUrl": data}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    return {
        "KmsKeyArn": key,
        "VolumeKeyArn": key,
        "BatchVolumeKeyArn": key,
        "PermissionsBoundaryArn": boundary["Policy"]["Arn"],
        "ModelPackageArn": package,
        "ModelDataUri": data,
        "ImageUri": image,
    }


@pytest.mark.parametrize("inference", CHOICES["inference"])
def test_every_stack_is_created_updated_and_deleted(
    inference: str, bake: Any, aws: EmulatedAws, account: dict[str, str]
) -> None:
    project = bake(inference=inference, infrastructure="cloudformation") / "model-deploy"
    stage = Stage(aws, project, dict(account))
    parts = [part for part in PARTS if stage.file(part).exists()]
    for part in parts:
        stage.deploy(part, "create")
    for part in parts:
        stage.deploy(part, "update", **CHANGES[part])
    _look(stage, parts)
    for part in reversed(parts):
        stage.delete(part)
    _nothing_left(stage)


def test_a_challenger_joins_as_a_shadow_answers_and_leaves(
    bake: Any, aws: EmulatedAws, account: dict[str, str]
) -> None:
    project = bake(inference="realtime", infrastructure="cloudformation") / "model-deploy"
    stage = Stage(aws, project, dict(account))
    stage.deploy("foundation", "create")
    stage.deploy("endpoint", "create", RolloutPolicy="canary")
    challenger = {"ChallengerModelPackageArn": account["ModelPackageArn"], "ChallengerWeight": "0.1"}
    stage.deploy("endpoint", "update", RolloutPolicy="canary", **challenger, ChallengerMode="shadow")
    assert variants(aws) == {"primary": 1.0}
    both = {"RolloutPolicy": "canary", **challenger, "ChallengerMode": "ab", "PrimaryWeight": "0.9"}
    stage.deploy("endpoint", "update", **both)
    assert variants(aws) == {"challenger": 0.1, "primary": 0.9}
    stage.deploy("endpoint", "update", RolloutPolicy="linear")
    assert variants(aws) == {"primary": 1.0}


def variants(aws: EmulatedAws) -> dict[str, float]:
    """Weights of the variants that answer."""
    found = aws.client("sagemaker").describe_endpoint(EndpointName=STAGE)["ProductionVariants"]
    return {variant["VariantName"]: variant["CurrentWeight"] for variant in found}


def _look(stage: Stage, parts: list[str]) -> None:
    """What a person would look for after the update."""
    policies = stage.aws.client("iam").list_role_policies(RoleName=f"{STAGE}-execution")["PolicyNames"]
    assert set(policies) >= {"model", "data", "observability", "network", *parts[1:]}
    if "endpoint" in parts:
        endpoint = stage.aws.client("sagemaker").describe_endpoint(EndpointName=STAGE)
        assert endpoint["EndpointStatus"] == "InService"
        assert [variant["VariantName"] for variant in endpoint["ProductionVariants"]] == ["primary"]
        (group,) = stage.aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Endpoints/{STAGE}")[
            "logGroups"
        ]
        assert group["retentionInDays"] == 90
    if "batch" in parts:
        pipeline = stage.aws.client("sagemaker").describe_pipeline(PipelineName=f"{STAGE}-batch")
        definition = json.loads(pipeline["PipelineDefinition"])
        assert definition["Steps"][1]["Arguments"]["MaxPayloadInMB"] == 7


def _nothing_left(stage: Stage) -> None:
    sagemaker = stage.aws.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    assert sagemaker.list_pipelines()["PipelineSummaries"] == []
    assert stage.aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    buckets = {bucket["Name"] for bucket in stage.aws.client("s3").list_buckets()["Buckets"]}
    assert stage.given["DataBucket"] in buckets, "data outlive their stack"
