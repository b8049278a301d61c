"""Both flavours deploy the same stage: alarms, permissions, pipeline, rollout, capture and autoscaling are equal."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Resolver, load
from tests.infrastructure.terraform_cfn_view import CloudFormationStage
from tests.infrastructure.terraform_values import (
    ACCOUNT,
    BUCKET,
    NAME,
    REGION,
    ROLE,
    TOPIC,
    module_values,
    package,
    parameters,
)
from tests.infrastructure.terraform_view import TerraformStage
from tests.terraform_cli import without_backend

pytestmark = pytest.mark.slow
Bake = Callable[..., Path]

ANSWERS = f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-answers"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{NAME}-batch-undelivered"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/{NAME}"
MODEL = "model-of-batch"
GIVEN_BY_AWS = {
    "data.aws_caller_identity.current": {"account_id": ACCOUNT},
    "data.aws_partition.current": {"partition": "aws", "dns_suffix": "amazonaws.com"},
    "aws_iam_role.execution": {"arn": ROLE},
    "aws_iam_role.trigger": {"arn": f"arn:aws:iam::{ACCOUNT}:role/{NAME}-trigger"},
    "aws_s3_bucket.data": {"id": BUCKET, "arn": f"arn:aws:s3:::{BUCKET}"},
    "aws_sns_topic.notifications": {"arn": TOPIC},
    "aws_sns_topic.answers": {"arn": ANSWERS},
    "aws_sqs_queue.undelivered": {"arn": QUEUE},
    "aws_cloudwatch_log_group.endpoint": {"arn": LOGS},
    "aws_appautoscaling_policy.wake": {
        "arn": f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:0:resource/sagemaker/{NAME}:policyName/wake"
    },
}
ALARM = {"arn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{NAME}"}
PLACEHOLDERS = {
    "<DataBucket.Arn>": f"arn:aws:s3:::{BUCKET}",
    "<DataBucket>": BUCKET,
    "<NotificationTopic>": TOPIC,
    "<AnswerTopic>": ANSWERS,
    "<Undelivered.Arn>": QUEUE,
    "<Undelivered.QueueName>": f"{NAME}-batch-undelivered",
    "<LogGroup.Arn>": f"{LOGS}:*",
    "<Endpoint.EndpointName>": NAME,
    "<Model.ModelName>": MODEL,
}
STAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "rolling": ("realtime_and_batch", {}),
    "canary, A/B test": (
        "realtime_and_batch",
        {
            "RolloutPolicy": "canary",
            "RolloutStepPercent": 10,
            "ChallengerModelPackageArn": package(4),
            "ChallengerMode": "ab",
            "ChallengerWeight": 0.25,
            "PrimaryWeight": 0.75,
            "SubnetIds": [],
            "SecurityGroupIds": [],
            "VolumeKeyArn": "",
        },
    ),
    "linear, shadow": (
        "realtime_and_batch",
        {
            "RolloutPolicy": "linear",
            "ChallengerModelPackageArn": package(4),
            "Schedule": "",
            "OnNewData": False,
            "CapturePercent": 0,
            "ArtifactKeyArn": "",
        },
    ),
    "repaired while an alarm is on": ("async", {"Instances": 2, "AutoRollback": False}),
    "asynchronous, to zero": ("async", {"Instances": 0, "RolloutPolicy": "all_at_once", "TargetPerInstance": 5}),
    "serverless": ("serverless", {}),
}
VIEWS = [
    "alarms",
    "role_policies",
    "roles",
    "resource_policies",
    "models",
    "variants",
    "data_of_requests",
    "rollout",
    "autoscaling",
    "pipelines",
    "rules",
    "schedules",
    "dashboards",
    "lifecycle",
    "logs",
    "budget",
]


def hcl(values: dict[str, Any]) -> str:
    return "".join(f"  {name} = {json.dumps(value)}\n" for name, value in values.items())


def mocked_test(folder: Path, changed: dict[str, Any]) -> str:
    """A test file in which AWS gives what our placeholders for CloudFormation say as well."""
    defined = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.tf"))
    overrides = "".join(
        f"override_{'data' if target.startswith('data.') else 'resource'} {{\n"
        f"  target = {target}\n  values = {{\n{hcl(values)}  }}\n}}\n"
        for target, values in GIVEN_BY_AWS.items()
        if '"{}" "{}"'.format(*target.removeprefix("data.").split(".")) in defined
    )
    alarm = f'mock_resource "aws_cloudwatch_metric_alarm" {{\n    defaults = {{\n{hcl(ALARM)}    }}\n  }}'
    mock = f'mock_provider "aws" {{\n  {alarm}\n}}\n'
    given = hcl(module_values(folder, **changed))
    return f'{mock}{overrides}variables {{\n{given}}}\nrun "deployed" {{\n  command = apply\n}}\n'


@pytest.fixture(scope="module")
def both(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Any]]:
    """The named stage in both flavours, made once."""

    @functools.cache
    def made(name: str) -> tuple[TerraformStage, CloudFormationStage]:
        inference, changed = STAGES[name]
        source = bake(inference=inference, infrastructure="terraform") / "model-deploy" / "infrastructure"
        root = without_backend(source, tmp_path_factory.mktemp("parity"))
        for path in root.folder.glob("*.tftest.hcl"):
            path.unlink()
        (root.folder / "parity.tftest.hcl").write_text(mocked_test(root.folder, changed), encoding="utf-8")
        states = [line["test_state"] for line in root.json_lines("test", "-json", "-verbose") if "test_state" in line]
        folder = bake(inference=inference, infrastructure="cloudformation") / "model-deploy" / "infrastructure"
        return TerraformStage(states[0]), CloudFormationStage(resolved(folder, changed))

    return made


def resolved(folder: Path, changed: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.glob("*.yaml")):
        template = load(path)
        for logical, resource in Resolver(template, parameters(template, **changed)).resources().items():
            found.append({"LogicalId": logical, **resource})
    text = json.dumps(found)
    for placeholder, value in PLACEHOLDERS.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def comparable(view: str, found: Any) -> Any:
    """JSON, in which the batch model's generated name is no difference."""
    if view == "pipelines":
        for definition in found.values():
            for step in definition["Steps"]:
                if "ModelName" in step["Arguments"]:
                    step["Arguments"]["ModelName"] = MODEL
    return json.loads(json.dumps(found, sort_keys=True))


@pytest.mark.parametrize("stage", STAGES)
def test_both_flavours_deploy_the_same(both: Callable[[str], tuple[Any, Any]], stage: str) -> None:
    terraform, cloudformation = both(stage)
    compared = 0
    for view in VIEWS:
        ours, theirs = (comparable(view, getattr(side, view)()) for side in (terraform, cloudformation))
        assert ours == theirs, view
        compared += bool(ours)
    assert compared >= 12, "most views of a stage have content"
