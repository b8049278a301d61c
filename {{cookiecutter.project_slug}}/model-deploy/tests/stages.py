"""Stages of every way of inference, written as a person would write deploy.toml."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from model_deploy.bindings import Bindings, load_bindings
from model_deploy.registry import Package
from model_deploy.settings import Settings, StageName, parse_settings
from model_deploy.values import Deployment

ACCOUNT = "111122223333"
BINDINGS = {
    "region": "eu-west-1",
    "account_id": ACCOUNT,
    "registry_account_id": ACCOUNT,
    "artifact_bucket": "training-artifacts",
    "artifact_key_arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000001",
    "kms_key_arn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/00000000-0000-0000-0000-000000000002",
    "subnet_ids": "subnet-0a1b2c3d,subnet-4e5f6a7b",
    "security_group_ids": "sg-0a1b2c3d",
    "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/census-income-staging-boundary",
    "deploy_role_arn": "",
    "notification_email": "",
    "state_bucket": "terraform-state",
    "project_name": "census-income",
    "project_id": "p-abcdefghijkl",
}
PACKAGE_ARN = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/census-income"

ROLLOUT = 'rollout = {{ policy = "{policy}", step_percent = 50, wait_seconds = 300 }}'
ALARMS = "alarms = { latency_p99_ms = 500, errors_5xx = 1, errors_model = 1 }"
ENDPOINT = """[stages.{stage}.endpoint]
instance_type = "ml.m5.large"
instances = {instances}
max_instances = 4
target_per_instance = 400
"""
CHALLENGER = """[stages.{stage}.challenger]
version = 0
mode = "shadow"
weight = 0.1
"""
SERVERLESS = """[stages.{stage}.serverless]
memory_mb = 2048
max_concurrency = 2
provisioned_concurrency = 0
"""
BATCH = """[stages.{stage}.batch]
instance_type = "ml.m5.large"
instances = 1
max_payload_mb = 6
max_concurrent_transforms = 2
max_runtime_seconds = 3600
schedule = "cron(0 3 * * ? *)"
on_new_data = true
"""


def settings_text(inference: str = "realtime", infrastructure: str = "cloudformation", ci: str = "codepipeline") -> str:
    """A deploy.toml: staging with one instance, production rolling with two."""
    project = f"""[project]
name = "Census Income"
slug = "census-income"
description = "Predicts income"
owner = "data-science"
cost_center = "42"
problem_type = "binary_classification"
inference = "{inference}"
ci = "{ci}"
infrastructure = "{infrastructure}"
accounts = "single"
[tags]
owner = "data-science"
"""
    return project + "".join(_stage_text(stage, inference) for stage in ("staging", "production"))


def _stage_text(stage: str, inference: str) -> str:
    instances, policy = (1, "all_at_once") if stage == "staging" else (2, "rolling")
    text = f"[stages.{stage}]\nmonthly_budget_usd = 200\nlog_retention_days = 30\n"
    if inference in ("realtime", "async", "realtime_and_batch"):
        text += ENDPOINT.format(stage=stage, instances=instances) + ROLLOUT.format(policy=policy) + f"\n{ALARMS}\n"
    if inference in ("realtime", "realtime_and_batch"):
        text += "capture_percent = 100\n" + CHALLENGER.format(stage=stage)
    if inference == "serverless":
        text += SERVERLESS.format(stage=stage) + f"{ALARMS}\n"
    if inference in ("batch", "realtime_and_batch"):
        text += BATCH.format(stage=stage)
    return text


def settings_of(
    inference: str = "realtime", infrastructure: str = "cloudformation", ci: str = "codepipeline"
) -> Settings:
    """Checked settings of that flavour."""
    return parse_settings(settings_text(inference, infrastructure, ci))


def bindings_of(settings: Settings, stage: StageName = "staging", /, **changes: str) -> Bindings:
    """Bindings of a stage, given as environment variables."""
    given = {f"MLOPS_{name.upper()}": value for name, value in {**BINDINGS, **changes}.items()}
    return load_bindings(settings, stage, Path("/nowhere"), given, fetch=lambda region, names: {})


def package(version: int = 3, **changes: Any) -> Package:
    """An approved version of the registry."""
    made = Package(
        arn=f"{PACKAGE_ARN}/{version}",
        version=version,
        image_uri=f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/census-income-model-build@sha256:{'0' * 64}",
        model_data_uri=f"s3://training-artifacts/census-income/{version}/model.tar.gz",
        properties={"smoke-uri": f"s3://training-artifacts/census-income/{version}/smoke.json"},
    )
    return dataclasses.replace(made, **changes)


def deployment_of(
    inference: str = "realtime",
    stage: StageName = "staging",
    infrastructure: str = "cloudformation",
    version: int | None = 3,
) -> Deployment:
    """All that decides what a stage looks like; without a version, nothing has been approved."""
    settings = settings_of(inference, infrastructure)
    return Deployment(settings, bindings_of(settings, stage), stage, package(version) if version else None)
