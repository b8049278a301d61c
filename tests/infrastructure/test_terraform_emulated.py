"""The root module against the emulated AWS: state with a lock, plan, apply, update, rollback and destroy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.emulated import EmulatedAws, emulated_aws
from tests.infrastructure.terraform_values import ACCOUNT, NAME, REGION, module_values, package
from tests.terraform_cli import Root, cli_configuration, require_terraform, without_backend

pytestmark = pytest.mark.slow
Bake = Callable[..., Path]

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/census-income-model-build@sha256:{'a' * 64}"
QUICK = {"RolloutPolicy": "all_at_once", "RolloutWaitSeconds": 0}
# The provider waits about a minute until S3 shows a new lifecycle twice ten times over; the parity test reads it.
SLOW_TO_CREATE = ("storage_lifecycle.tf",)
NO_CHANGES, CHANGES = 0, 2


@pytest.fixture(scope="module")
def aws() -> Iterator[EmulatedAws]:
    require_terraform()
    with emulated_aws("--control-plane-only") as running:
        sagemaker = running.client("sagemaker")
        sagemaker.create_model_package_group(ModelPackageGroupName="census-income")
        for version in (1, 2, 3):
            container = {"Image": IMAGE, "ModelDataUrl": f"s3://artifacts/census-income/{version}/model/model.tar.gz"}
            sagemaker.create_model_package(
                ModelPackageGroupName="census-income",
                ModelApprovalStatus="Approved",
                InferenceSpecification={
                    "Containers": [container],
                    "SupportedContentTypes": ["text/csv"],
                    "SupportedResponseMIMETypes": ["text/csv"],
                },
            )
        yield running


def stage(bake: Bake, aws: EmulatedAws, folder: Path, inference: str) -> Root:
    source = bake(inference=inference, infrastructure="terraform") / "model-deploy" / "infrastructure"
    root = without_backend(source, folder, aws.environment(TF_CLI_CONFIG_FILE=str(cli_configuration())))
    for name in SLOW_TO_CREATE:
        (folder / name).unlink()
    return root


def deploy(root: Root, **changed: Any) -> None:
    root.give(**module_values(root.folder, **{"RegistryAccountId": ACCOUNT, **QUICK, **changed}))
    root.run("apply", "-auto-approve", "-input=false")


def outputs(root: Root) -> dict[str, str]:
    return {name: found["value"] for name, found in json.loads(root.run("output", "-json")).items()}


def said(output: str) -> str:
    """Terraform's messages without their frames and line breaks."""
    return " ".join(output.replace("│", " ").split())


def left_behind(aws: EmulatedAws) -> dict[str, list[Any]]:
    """What of the stage the emulated account still has."""
    sagemaker, cloudwatch = aws.client("sagemaker"), aws.client("cloudwatch")
    found = {
        "endpoints": sagemaker.list_endpoints()["Endpoints"],
        "configurations": sagemaker.list_endpoint_configs()["EndpointConfigs"],
        "models": sagemaker.list_models()["Models"],
        "pipelines": sagemaker.list_pipelines()["PipelineSummaries"],
        "buckets": [each for each in aws.client("s3").list_buckets()["Buckets"] if NAME in each["Name"]],
        "roles": [each for each in aws.client("iam").list_roles()["Roles"] if NAME in each["RoleName"]],
        "alarms": cloudwatch.describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"],
        "dashboards": cloudwatch.list_dashboards(DashboardNamePrefix=NAME).get("DashboardEntries", []),
        "topics": [each for each in aws.client("sns").list_topics()["Topics"] if NAME in each["TopicArn"]],
        "queues": aws.client("sqs").list_queues(QueueNamePrefix=NAME).get("QueueUrls", []),
        "rules": aws.client("events").list_rules(NamePrefix=NAME)["Rules"],
        "schedules": aws.client("scheduler").list_schedules(NamePrefix=NAME)["Schedules"],
        "logs": aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Endpoints/{NAME}")[
            "logGroups"
        ],
        "targets": aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ],
        "budgets": aws.client("budgets").describe_budgets(AccountId=ACCOUNT).get("Budgets", []),
    }
    return {kind: each for kind, each in found.items() if each}


def test_state_is_kept_and_locked_in_s3(bake: Bake, aws: EmulatedAws, tmp_path: Path) -> None:
    aws.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    source = bake(inference="serverless", infrastructure="terraform") / "model-deploy" / "infrastructure"
    for name in ("versions.tf", "backend.tf"):
        (tmp_path / name).write_bytes((source / name).read_bytes())
    (tmp_path / "main.tf").write_text('resource "terraform_data" "any" {}\n', encoding="utf-8")
    root = Root(tmp_path, aws.environment(TF_CLI_CONFIG_FILE=str(cli_configuration())))
    key = "census-income/production/terraform.tfstate"
    where = {"bucket": "states", "key": key, "region": REGION, "use_path_style": "true"}
    root.run("init", "-input=false", *(f"-backend-config={name}={value}" for name, value in where.items()))
    root.run("apply", "-auto-approve")
    kept = [each["Key"] for each in aws.client("s3").list_objects_v2(Bucket="states")["Contents"]]
    assert kept == [key]
    aws.client("s3").put_object(Bucket="states", Key=f"{key}.tflock", Body=json.dumps({"ID": "other", "Who": "CI"}))
    refused = root.attempt("apply", "-auto-approve", "-lock-timeout=0s")
    assert refused.returncode == 1 and "Error acquiring the state lock" in refused.stdout


@pytest.mark.parametrize("inference", ["realtime_and_batch"])
def test_stage_lives_from_foundation_to_destroy(bake: Bake, aws: EmulatedAws, tmp_path: Path, inference: str) -> None:
    root = stage(bake, aws, tmp_path, inference)
    before = left_behind(aws)

    deploy(root, ModelPackageArn="", ModelDataUri="", ImageUri="")
    assert outputs(root)["endpoint_name"] == "" and outputs(root)["data_bucket"].startswith(f"{NAME}-")
    assert not aws.client("sagemaker").list_endpoints()["Endpoints"]

    deploy(root, ModelPackageArn=package(1))
    planned = root.attempt("plan", "-detailed-exitcode", "-input=false")
    assert planned.returncode == NO_CHANGES, planned.stdout
    described = aws.client("sagemaker").describe_endpoint(EndpointName=NAME)
    first = described["EndpointConfigName"]
    assert described["EndpointStatus"] == "InService" and first.startswith(f"{NAME}-")

    deploy(root, ModelPackageArn=package(2), ChallengerModelPackageArn=package(3), ChallengerMode="ab")
    second = aws.client("sagemaker").describe_endpoint(EndpointName=NAME)
    assert second["EndpointConfigName"] != first
    assert sorted(each["VariantName"] for each in second["ProductionVariants"]) == ["challenger", "primary"]
    assert [
        each["EndpointConfigName"] for each in aws.client("sagemaker").list_endpoint_configs()["EndpointConfigs"]
    ] == [second["EndpointConfigName"]]

    root.run("destroy", "-auto-approve", "-input=false")
    assert left_behind(aws) == before
    assert not json.loads(root.run("show", "-json")).get("values")


@pytest.mark.parametrize("inference", ["async", "serverless"])
def test_stage_is_deployed_once_and_destroyed(bake: Bake, aws: EmulatedAws, tmp_path: Path, inference: str) -> None:
    root = stage(bake, aws, tmp_path, inference)
    before = left_behind(aws)
    deploy(root, ModelPackageArn=package(1), Instances=0)
    planned = root.attempt("plan", "-detailed-exitcode", "-input=false")
    assert planned.returncode == NO_CHANGES, planned.stdout
    assert re.fullmatch(rf"{NAME}-[0-9a-f]{{8}}", outputs(root)["model_name"])
    targets = aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    least = [each["MinCapacity"] for each in targets["ScalableTargets"]]
    assert least == ([0] if inference == "async" else [])
    root.run("destroy", "-auto-approve", "-input=false")
    assert left_behind(aws) == before


def test_rolled_back_update_is_a_failure_and_deletes_nothing(bake: Bake, aws: EmulatedAws, tmp_path: Path) -> None:
    root = stage(bake, aws, tmp_path, "realtime")
    deploy(root, ModelPackageArn=package(1))
    sagemaker, cloudwatch = aws.client("sagemaker"), aws.client("cloudwatch")
    served = sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-errors-5xx", StateValue="ALARM", StateReason="the new model fails")

    root.give(**module_values(root.folder, **{**QUICK, "RegistryAccountId": ACCOUNT, "ModelPackageArn": package(2)}))
    failed = root.attempt("apply", "-auto-approve", "-input=false")
    assert failed.returncode == 1 and f"was rolled back to {served}" in said(failed.stdout), failed.stdout
    assert sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"] == served
    assert served in [each["EndpointConfigName"] for each in sagemaker.list_endpoint_configs()["EndpointConfigs"]]

    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-errors-5xx", StateValue="OK", StateReason="the old model answers")
    deploy(root, ModelPackageArn=package(1))
    assert sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"] != served
    assert [each["ModelName"] for each in sagemaker.list_models()["Models"]] == [outputs(root)["model_name"]]
    deploy(root, ModelPackageArn=package(2))
    root.run("destroy", "-auto-approve", "-input=false")


def test_model_is_replaced_while_an_alarm_is_on_by_an_update_that_no_alarm_undoes(
    bake: Bake, aws: EmulatedAws, tmp_path: Path
) -> None:
    root = stage(bake, aws, tmp_path, "realtime")
    deploy(root, ModelPackageArn=package(1))
    sagemaker, cloudwatch = aws.client("sagemaker"), aws.client("cloudwatch")
    first = sagemaker.describe_endpoint(EndpointName=NAME)
    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-errors-5xx", StateValue="ALARM", StateReason="the model fails")

    deploy(root, ModelPackageArn=package(2), AutoRollback=False, InitialInstances=3)
    second = sagemaker.describe_endpoint(EndpointName=NAME)
    assert second["EndpointConfigName"] != first["EndpointConfigName"]
    assert second["CreationTime"] == first["CreationTime"], "the endpoint was replaced"
    assert second["ProductionVariants"][0]["CurrentInstanceCount"] == 3
    planned = root.attempt("plan", "-detailed-exitcode", "-input=false")
    assert planned.returncode == NO_CHANGES, planned.stdout

    cloudwatch.set_alarm_state(AlarmName=f"{NAME}-errors-5xx", StateValue="OK", StateReason="the new model answers")
    deploy(root, ModelPackageArn=package(3))
    third = sagemaker.describe_endpoint(EndpointName=NAME)
    assert third["CreationTime"] == first["CreationTime"], "the endpoint was replaced"
    assert len(third["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]) == 3
    assert f"{NAME}-never" not in [each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"]]
    root.run("destroy", "-auto-approve", "-input=false")


def test_data_survives_a_destroy_unless_it_is_given_up(bake: Bake, aws: EmulatedAws, tmp_path: Path) -> None:
    root = stage(bake, aws, tmp_path, "serverless")
    deploy(root, ModelPackageArn="")
    bucket = outputs(root)["data_bucket"]
    aws.client("s3").put_object(Bucket=bucket, Key="capture/one.jsonl", Body=b"{}")
    refused = root.attempt("destroy", "-auto-approve", "-input=false")
    assert refused.returncode == 1 and "BucketNotEmpty" in refused.stdout, refused.stdout
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 1

    root.run("apply", "-auto-approve", "-input=false", "-var=delete_data=true")
    root.run("destroy", "-auto-approve", "-input=false", "-var=delete_data=true")
    assert bucket not in [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]]
