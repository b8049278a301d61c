"""The endpoint itself: its state, how far a rollout has come, and what its container said last."""

from __future__ import annotations

import dataclasses
from typing import Any

from model_deploy.aws import Aws, code_of, message_of
from model_deploy.words import plural

LOG_LINES = 5
PRIMARY, CHALLENGER = "primary", "challenger"
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


@dataclasses.dataclass(frozen=True)
class EndpointState:
    status: str
    instances: int
    reason: str = ""
    config: str = ""
    rollout: str = ""


def find(aws: Aws, name: str) -> dict[str, Any] | None:
    """DescribeEndpoint's answer; None if there is no endpoint of that name."""
    from botocore.exceptions import ClientError

    try:
        return dict(aws.stage("sagemaker").describe_endpoint(EndpointName=name))
    except ClientError as error:
        if code_of(error) == "ValidationException" and "could not find" in message_of(error).lower():
            return None
        if code_of(error).startswith("ResourceNotFound"):
            return None
        raise


def describe(aws: Aws, name: str) -> EndpointState | None:
    """The endpoint as it is now; None if there is none."""
    found = find(aws, name)
    if found is None:
        return None
    variants = found.get("ProductionVariants", []) + found.get("ShadowProductionVariants", [])
    return EndpointState(
        status=found["EndpointStatus"],
        instances=sum(variant.get("CurrentInstanceCount", 0) for variant in variants),
        reason=" ".join(found.get("FailureReason", "").split()),
        config=found.get("EndpointConfigName", ""),
        rollout=rollout_state(found),
    )


def running_package(aws: Aws, name: str, variant_name: str = PRIMARY) -> str:
    """ARN of the model package that a variant of the endpoint runs; empty if there is none."""
    state, client = describe(aws, name), aws.stage("sagemaker")
    if state is None or not state.config:
        return ""
    config = client.describe_endpoint_config(EndpointConfigName=state.config)
    variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
    found = next((variant for variant in variants if variant["VariantName"] == variant_name), None)
    if found is None:
        return ""
    container = client.describe_model(ModelName=found["ModelName"]).get("PrimaryContainer", {})
    return str(container.get("ModelPackageName", ""))


def rollout_state(described: dict[str, Any]) -> str:
    """How far a rollout has come, from DescribeEndpoint; empty where none is under way."""
    status = described["EndpointStatus"]
    if status not in BUSY:
        return ""
    if status == "RollingBack":
        return "rolling back to the old model: an alarm went off"
    pending = described.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
    told = [_variant(variant) for variant in pending or described.get("ProductionVariants", [])]
    return "; ".join(text for text in told if text) or status.lower()


def last_log_lines(aws: Aws, name: str, lines: int = LOG_LINES) -> list[str]:
    """What the containers of an endpoint said last; empty where there is no log, or it can't be read."""
    from botocore.exceptions import ClientError

    logs, group = aws.stage("logs"), log_group(name)
    try:
        streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
        if not streams["logStreams"]:
            return []
        stream = streams["logStreams"][0]["logStreamName"]
        events = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False)
    except ClientError:
        return []
    return [" ".join(event["message"].split()) for event in events["events"][-lines:]]


def log_group(name: str) -> str:
    """Where SageMaker puts what the containers of an endpoint say."""
    return f"/aws/sagemaker/Endpoints/{name}"


def _variant(variant: dict[str, Any]) -> str:
    statuses = variant.get("VariantStatus", [])
    if not statuses:
        return ""
    newest = statuses[-1]
    words = {
        "Creating": "starting new instances",
        "Updating": "updating",
        "Deleting": "removing old instances",
        "ActivatingTraffic": "moving requests to the new model",
        "Baking": "watching the alarms",
    }
    current, desired = variant.get("CurrentInstanceCount"), variant.get("DesiredInstanceCount")
    count = f" ({current} of {plural(desired, 'instance')})" if current is not None and desired else ""
    return f"{variant['VariantName']}: {words.get(newest['Status'], newest['Status'].lower())}{count}"
