"""The deployment values: what templates and Terraform get, in the one list of their names.

CloudFormation's parameters are called as here; Terraform's variables are the same in snake case (`variable_name`).
`ExecutionRoleArn`, `DataBucket` and `TopicArn` are outputs of the foundation, which Terraform knows by itself.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from model_deploy.bindings import Bindings
from model_deploy.registry import Package
from model_deploy.settings import Challenger, Settings, StageName

Part = Literal["foundation", "endpoint", "batch"]
Values = dict[str, Any]
FOUNDATION_OUTPUTS = ("ExecutionRoleArn", "DataBucket", "TopicArn")
OF_ONE_ROLLOUT = ("auto_rollback", "initial_instances")
LOCAL_STORAGE = re.compile(r"ml\.([a-z]+\d+[a-z]*d[a-z]*|g5|g6|g6e|gr6|p5|p5e|p5en|trn1|trn1n|trn2)\.")


@dataclasses.dataclass(frozen=True)
class Deployment:
    """All that decides what a stage looks like: settings, bindings and the approved packages.

    `auto_rollback` and `initial_instances` are how the rollout goes, by the endpoint that runs; see `course`.
    """

    settings: Settings
    bindings: Bindings
    stage: StageName
    package: Package | None
    challenger: Package | None = None
    auto_rollback: bool = True
    initial_instances: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the stage has, in the order in which it is deployed; the foundation alone until a model is approved."""
        stage = self.settings.stages[self.stage]
        if self.package is None:
            return ("foundation",)
        serves: tuple[Part, ...] = ("endpoint",) if stage.endpoint or stage.serverless else ()
        return ("foundation", *serves, *(("batch",) if stage.batch else ()))

    def name(self, what: str = "") -> str:
        """Name of what the stage has; the endpoint's own without `what`."""
        return self.settings.name(self.stage, what)

    @property
    def tags(self) -> dict[str, str]:
        """On everything in the stage; the budget counts what carries `deployment`."""
        return {**self.settings.tags, **self.bindings.tags, "deployment": self.name()}


def foundation_values(deployment: Deployment) -> Values:
    """Values of what every stage has: data bucket, roles, topic, budget."""
    settings, bindings = deployment.settings, deployment.bindings
    stage = settings.stages[deployment.stage]
    repository = f"repository/{settings.project.slug.lower()}-model-build"
    return {
        "ProjectSlug": settings.project.slug,
        "Stage": deployment.stage,
        "ProjectName": bindings.project_name,
        "ProjectId": bindings.project_id,
        "KmsKeyArn": bindings.kms_key_arn,
        "PermissionsBoundaryArn": bindings.permissions_boundary_arn,
        "ArtifactBucket": bindings.artifact_bucket,
        "ArtifactKeyArn": bindings.artifact_key_arn,
        "ImageRepositoryArn": (
            f"arn:{bindings.partition}:ecr:{bindings.region}:{bindings.registry_account_id}:{repository}"
        ),
        "RegistryAccountId": bindings.registry_account_id,
        "NotificationEmail": bindings.notification_email,
        "MonthlyBudgetUsd": stage.monthly_budget_usd,
        "SubnetIds": list(bindings.subnet_ids),
        "SecurityGroupIds": list(bindings.security_group_ids),
        "JobTags": job_tags(deployment.tags),
    }


def endpoint_values(deployment: Deployment) -> Values:
    """Values of an endpoint with instances (realtime, async), or of a serverless one."""
    stage, bindings = deployment.settings.stages[deployment.stage], deployment.bindings
    alarms, challenger = stage.alarms, stage.challenger
    values: Values = {}
    if alarms:
        values |= {
            "ProjectSlug": deployment.settings.project.slug,
            "Stage": deployment.stage,
            "ModelPackageArn": deployment.package.arn if deployment.package else "",
            "KmsKeyArn": bindings.kms_key_arn,
            "LatencyP99Ms": alarms.latency_p99_ms,
            "Errors5xx": alarms.errors_5xx,
            "ErrorsModel": alarms.errors_model,
            "LogRetentionDays": stage.log_retention_days,
        }
    if endpoint := stage.endpoint:
        values |= {
            "VolumeKeyArn": volume_key(endpoint.instance_type, bindings),
            "SubnetIds": list(bindings.subnet_ids),
            "SecurityGroupIds": list(bindings.security_group_ids),
            "InstanceType": endpoint.instance_type,
            "Instances": endpoint.instances,
            "MaxInstances": endpoint.max_instances,
            "TargetPerInstance": endpoint.target_per_instance,
            "Autoscaling": True,
            "InitialInstances": deployment.initial_instances,
            "AutoRollback": deployment.auto_rollback,
            "RolloutPolicy": endpoint.rollout.policy,
            "RolloutStepPercent": endpoint.rollout.step_percent,
            "RolloutWaitSeconds": endpoint.rollout.wait_seconds,
        }
        if endpoint.capture_percent is not None:
            values["CapturePercent"] = endpoint.capture_percent
    if challenger:
        values |= {
            "ChallengerModelPackageArn": deployment.challenger.arn if deployment.challenger else "",
            "ChallengerMode": challenger.mode,
            "ChallengerWeight": challenger.weight,
            "PrimaryWeight": primary_weight(challenger, deployment.challenger),
        }
    if serverless := stage.serverless:
        values |= {
            "MemoryMb": serverless.memory_mb,
            "MaxConcurrency": serverless.max_concurrency,
            "ProvisionedConcurrency": serverless.provisioned_concurrency,
        }
    return values


def batch_values(deployment: Deployment) -> Values:
    """Values of the batch pipeline, its schedule and its rule for new data."""
    bindings, package = deployment.bindings, deployment.package
    stage = deployment.settings.stages[deployment.stage]
    if not (batch := stage.batch):
        return {}
    return {
        "ProjectSlug": deployment.settings.project.slug,
        "Stage": deployment.stage,
        "ModelPackageArn": package.arn if package else "",
        "ModelDataUri": package.model_data_uri if package else "",
        "ImageUri": package.image_uri if package else "",
        "KmsKeyArn": bindings.kms_key_arn,
        "BatchVolumeKeyArn": volume_key(batch.instance_type, bindings),
        "SubnetIds": list(bindings.subnet_ids),
        "SecurityGroupIds": list(bindings.security_group_ids),
        "BatchInstanceType": batch.instance_type,
        "BatchInstances": batch.instances,
        "MaxPayloadMb": batch.max_payload_mb,
        "MaxConcurrentTransforms": batch.max_concurrent_transforms,
        "Schedule": batch.schedule,
        "OnNewData": batch.on_new_data,
        "MaxRuntimeSeconds": batch.max_runtime_seconds,
        "PermissionsBoundaryArn": bindings.permissions_boundary_arn,
        "JobTags": job_tags(deployment.tags),
    }


OF_PART = {"foundation": foundation_values, "endpoint": endpoint_values, "batch": batch_values}


def stack_values(deployment: Deployment, part: Part, outputs: Mapping[str, str]) -> Values:
    """Values of one part's stack; `outputs` are the foundation's."""
    values = OF_PART[part](deployment)
    return values if part == "foundation" else {**values, **{name: outputs[name] for name in FOUNDATION_OUTPUTS}}


def all_values(deployment: Deployment) -> Values:
    """Every value of the stage but the foundation's outputs, under CloudFormation's names."""
    return {**batch_values(deployment), **endpoint_values(deployment), **foundation_values(deployment)}


def module_values(deployment: Deployment) -> Values:
    """Values of the whole stage as one Terraform module gets them, under the names of its variables."""
    bindings = deployment.bindings
    return {
        **{variable_name(name): value for name, value in all_values(deployment).items()},
        "region": bindings.region,
        "tags": deployment.tags,
        "deploy_role_arn": bindings.deploy_role_arn,
    }


def variable_name(name: str) -> str:
    """Terraform's name of a value: `latency_p99_ms` of `LatencyP99Ms`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])", "_", name).lower()


def parameter_text(value: Any) -> str:
    """A value as text for CloudFormation: lists with commas, true and false in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list) else str(value)


def volume_key(instance_type: str, bindings: Bindings) -> str:
    """Key of the instances' volumes; empty where storage is local: hardware encrypts it, and no key is accepted.

    SageMaker, API reference, TransformResources.VolumeKmsKeyId.
    """
    return "" if LOCAL_STORAGE.match(instance_type) else bindings.kms_key_arn


def primary_weight(challenger: Challenger, package: Package | None) -> float:
    """Share of the requests that the first model answers: all of them where the second only gets copies."""
    return round(1 - challenger.weight, 6) if challenger.mode == "ab" and package else 1.0


def job_tags(tags: Mapping[str, str]) -> str:
    """Tags as JSON, as the requests of a pipeline's jobs carry them."""
    return json.dumps([{"Key": key, "Value": tags[key]} for key in sorted(tags)], separators=(",", ":"))


def values_hash(values: Mapping[str, Any]) -> str:
    """Short hash by which two deployments' values can be told apart, however their rollouts went."""
    kept = {name: value for name, value in values.items() if name not in OF_ONE_ROLLOUT}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
