"""What must hold for every job of every definition, whatever the SDK makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from definitions import VARIANTS, definition, steps, variant

JOBS = ("Processing", "Training")
EVERY_JOB = [
    pytest.param(inference, accounts, step["Name"], id=f"{inference}-{accounts}-{step['Name']}")
    for inference, accounts in VARIANTS
    for step in steps(definition(inference, accounts))
    if step["Type"] in JOBS
]
every_job = pytest.mark.parametrize(("inference", "accounts", "name"), EVERY_JOB)


def job(inference: str, accounts: str, name: str) -> dict[str, Any]:
    return next(step for step in steps(definition(inference, accounts)) if step["Name"] == name)


def network(arguments: dict[str, Any]) -> dict[str, Any]:
    """A processing job has its network settings in NetworkConfig, a training job beside everything else."""
    found: dict[str, Any] = arguments.get("NetworkConfig", arguments)
    return found


@every_job
def test_volume_and_output_are_encrypted_with_the_projects_key(inference: str, accounts: str, name: str) -> None:
    key = variant(inference, accounts)[1].kms_key_arn
    arguments = job(inference, accounts, name)["Arguments"]
    cluster = arguments.get("ResourceConfig") or arguments["ProcessingResources"]["ClusterConfig"]
    output = arguments.get("OutputDataConfig") or arguments["ProcessingOutputConfig"]
    assert (cluster["VolumeKmsKeyId"], output["KmsKeyId"]) == (key, key)


@every_job
def test_job_runs_inside_the_vpc(inference: str, accounts: str, name: str) -> None:
    bindings = variant(inference, accounts)[1]
    vpc = network(job(inference, accounts, name)["Arguments"])["VpcConfig"]
    assert vpc["Subnets"] == list(bindings.subnet_ids)
    assert vpc["SecurityGroupIds"] == list(bindings.security_group_ids)


@every_job
def test_job_is_isolated_and_its_traffic_encrypted(inference: str, accounts: str, name: str) -> None:
    settings = network(job(inference, accounts, name)["Arguments"])
    assert settings["EnableNetworkIsolation"] is True
    assert settings["EnableInterContainerTrafficEncryption"] is True


@every_job
def test_job_carries_the_tags_of_project_and_organisation(inference: str, accounts: str, name: str) -> None:
    settings, bindings = variant(inference, accounts)
    tags = {tag["Key"]: tag["Value"] for tag in job(inference, accounts, name)["Arguments"]["Tags"]}
    assert tags == {
        **settings.tags,
        "sagemaker:project-name": bindings.project_name,
        "sagemaker:project-id": bindings.project_id,
    }


@every_job
def test_job_is_retried_when_aws_is_at_fault(inference: str, accounts: str, name: str) -> None:
    policies = job(inference, accounts, name)["RetryPolicies"]
    retried = [kind for policy in policies for kind in policy["ExceptionType"]]
    assert sorted(retried) == [
        "SageMaker.CAPACITY_ERROR",
        "SageMaker.JOB_INTERNAL_ERROR",
        "SageMaker.RESOURCE_LIMIT",
        "Step.SERVICE_FAULT",
        "Step.THROTTLING",
    ]
    assert all(("MaxAttempts" in policy) != ("ExpireAfterMin" in policy) for policy in policies)


@every_job
def test_job_reuses_earlier_results(inference: str, accounts: str, name: str) -> None:
    days = variant(inference, accounts)[0].pipeline.cache_days
    assert job(inference, accounts, name)["CacheConfig"] == {"Enabled": True, "ExpireAfter": f"P{days}D"}


@every_job
def test_job_has_a_role_a_time_limit_and_the_projects_image(inference: str, accounts: str, name: str) -> None:
    settings, bindings = variant(inference, accounts)
    arguments = job(inference, accounts, name)["Arguments"]
    application = arguments.get("AppSpecification") or arguments["AlgorithmSpecification"]
    assert arguments["RoleArn"] == bindings.execution_role_arn
    assert arguments["StoppingCondition"] == {"MaxRuntimeInSeconds": settings.pipeline.max_runtime_seconds}
    assert bindings.image_uri in (application.get("ImageUri"), application.get("TrainingImage"))


@every_job
def test_nothing_that_changes_from_run_to_run_keeps_the_cache_from_hitting(
    inference: str, accounts: str, name: str
) -> None:
    """SageMaker's cache key is made of these arguments: developer guide, "Default cache key attributes"."""
    keys = ("AppSpecification", "Environment", "ProcessingInputs", "AlgorithmSpecification", "CheckpointConfig")
    arguments = job(inference, accounts, name)["Arguments"]
    assert "Execution." not in str({key: arguments.get(key) for key in (*keys, "HyperParameters", "InputDataConfig")})


@pytest.mark.parametrize(("inference", "accounts"), VARIANTS)
def test_training_runs_the_images_own_entrypoint_without_uploaded_code(inference: str, accounts: str) -> None:
    arguments = job(inference, accounts, "Train")["Arguments"]
    assert "ContainerEntrypoint" not in arguments["AlgorithmSpecification"]
    assert [channel["ChannelName"] for channel in arguments["InputDataConfig"]] == [
        "train",
        "validation",
        "preprocessing",
    ]
    assert not [key for key in arguments["HyperParameters"] if key.startswith("sagemaker_")]
