"""The endpoint as it runs now, as far as the next rollout depends on it."""

from __future__ import annotations

import dataclasses
from typing import Any

from model_deploy.aws import Aws
from model_deploy.endpoint import PRIMARY, find

ROLLBACK_ALARMS = ("errors-5xx", "errors-model", "latency-p99")
SCALED = "sagemaker:variant:DesiredInstanceCount"


@dataclasses.dataclass(frozen=True)
class Live:
    """The first model's fleet; `configured` is how many instances its endpoint configuration begins with.

    `guarded` is whether the stage's alarms watched the last rollout, `raised` are those that are on now.
    """

    instance_type: str
    instances: int
    configured: int
    autoscaled: bool
    guarded: bool
    raised: tuple[str, ...]


def read(aws: Aws, name: str) -> Live | None:
    """The endpoint of that name; None if there is none, or it has no instances of its own."""
    found = find(aws, name)
    if found is None or not found.get("EndpointConfigName"):
        return None
    client = aws.stage("sagemaker")
    config = client.describe_endpoint_config(EndpointConfigName=found["EndpointConfigName"])
    variant = _primary(config)
    if "InstanceType" not in variant:
        return None
    alarms = found.get("LastDeploymentConfig", {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])
    watched = {alarm["AlarmName"] for alarm in alarms}
    return Live(
        instance_type=str(variant["InstanceType"]),
        instances=int(_primary(found).get("CurrentInstanceCount") or 0),
        configured=int(variant.get("InitialInstanceCount", 1)),
        autoscaled=_autoscaled(aws.stage("application-autoscaling"), name),
        guarded=bool(watched & set(_names(name))),
        raised=_raised(aws.stage("cloudwatch"), name),
    )


def _names(name: str) -> list[str]:
    return [f"{name}-{alarm}" for alarm in ROLLBACK_ALARMS]


def _raised(client: Any, name: str) -> tuple[str, ...]:
    found = client.describe_alarms(AlarmNames=_names(name), StateValue="ALARM").get("MetricAlarms", [])
    return tuple(sorted(alarm["AlarmName"] for alarm in found if alarm["StateValue"] == "ALARM"))


def _autoscaled(client: Any, name: str) -> bool:
    listed = client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{name}/variant/{PRIMARY}"], ScalableDimension=SCALED
    )
    return bool(listed["ScalableTargets"])


def _primary(described: dict[str, Any]) -> dict[str, Any]:
    variants: list[dict[str, Any]] = described.get("ProductionVariants", [])
    return next((variant for variant in variants if variant["VariantName"] == PRIMARY), {})
