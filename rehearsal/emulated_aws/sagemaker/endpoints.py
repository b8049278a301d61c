"""Endpoints that take time, can fail, and serve through real processes.

AWS: Creating, Updating, RollingBack, InService, Failed; CreateEndpoint fails with FailureReason, an update that fails
returns to InService with the old configuration. Simplified: a transition takes --transition-seconds plus the start of
the processes; an instance count is a number only (one process a variant); the FailureReason texts are the emulator's.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.hosting.server import ServerError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.sagemaker import records, traffic
from rehearsal.emulated_aws.sagemaker.fleets import Fleet
from rehearsal.emulated_aws.settings import SETTINGS
from rehearsal.emulated_aws.state import Store

_EVENT_STATUS = {"InService": "IN_SERVICE", "RollingBack": "ROLLING_BACK"}


@dataclass
class Hosted:
    """What serves an endpoint: one fleet, and during an update a second one with a share of the requests."""

    name: str
    fleet: Fleet | None = None
    incoming: Fleet | None = None
    incoming_share: float = 0.0
    deployment: Request = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


HOSTED: Store[Hosted] = Store()


def _config(name: str) -> Request:
    return operations.call("sagemaker", "DescribeEndpointConfig", {"EndpointConfigName": name})


def _move(name: str, status: str, **attributes: object) -> None:
    if not records.exists(name):
        return
    records.change(name, endpoint_status=status, **attributes)
    record = records.find(name)
    detail = {
        "EndpointName": name,
        "EndpointArn": record.arn,
        "EndpointConfigName": record.endpoint_config_name,
        "EndpointStatus": _EVENT_STATUS.get(status, status.upper()),
        "ProductionVariants": record.production_variants,
        "Tags": {tag["Key"]: tag["Value"] for tag in record.tags},
    } | ({"FailureReason": record.failure_reason} if record.failure_reason else {})
    context.send_event("aws.sagemaker", "SageMaker Endpoint State Change", detail, [record.arn])


def _summaries(fleet: Fleet) -> list[Request]:
    return [records.summary(variant, fleet.images.get(variant["VariantName"], [])) for variant in fleet.variants]


def _bring_up(hosted: Hosted, fleet: Fleet) -> None:
    time.sleep(SETTINGS.transition_seconds)
    try:
        fleet.start()
    except ServerError as fault:
        _move(hosted.name, "Failed", failure_reason=str(fault))
        return
    if not records.exists(hosted.name):
        fleet.stop()
        return
    hosted.fleet = fleet
    _move(hosted.name, "InService", production_variants=_summaries(fleet), failure_reason=None)


@operations.operation("sagemaker", "CreateEndpoint")
def create(request: Request) -> Request:
    name = request["EndpointName"]
    if records.exists(name):
        raise ServiceError(
            "ValidationException", f'Cannot create already existing endpoint "{records.find(name).arn}".'
        )
    fleet = Fleet(_config(request["EndpointConfigName"]))
    answer = operations.moto(
        "sagemaker", "CreateEndpoint", {k: v for k, v in request.items() if k != "DeploymentConfig"}
    )
    hosted = HOSTED.mine[name] = Hosted(name, deployment=request.get("DeploymentConfig", {}))
    _move(name, "Creating")
    context.in_background(_bring_up, hosted, fleet)
    return answer


def _switch(hosted: Hosted, fleet: Fleet, deployment: Request) -> str | None:
    """Move the traffic; the reason why it went back, if it did."""
    alarms = traffic.alarm_names(deployment)
    instances = sum(variant.get("InitialInstanceCount", 1) for variant in fleet.variants)
    shares = traffic.steps(deployment, instances)
    for share in shares:
        hosted.incoming, hosted.incoming_share = fleet, share
        if (alarms or len(shares) > 1) and (reason := traffic.bake(alarms)):
            return reason
    return None


def _roll_out(hosted: Hosted, fleet: Fleet, deployment: Request, old_config: str, summaries: list[Request]) -> None:
    time.sleep(SETTINGS.transition_seconds)
    try:
        fleet.start()
        reason = _switch(hosted, fleet, deployment)
    except ServerError as fault:
        reason = str(fault)
    except Exception as fault:
        context.LOG.exception("update of %s", hosted.name)
        reason = f"{type(fault).__name__}: {fault}"
    if reason is None and records.exists(hosted.name):
        with hosted.lock:
            old, hosted.fleet, hosted.incoming, hosted.incoming_share = hosted.fleet, fleet, None, 0.0
        if old:
            old.stop()
        _move(
            hosted.name,
            "InService",
            production_variants=_retained(hosted, _summaries(fleet), summaries),
            failure_reason=None,
        )
        return
    hosted.incoming, hosted.incoming_share = None, 0.0
    fleet.stop()
    _move(hosted.name, "RollingBack", endpoint_config_name=old_config)
    _move(hosted.name, "InService", endpoint_config_name=old_config, failure_reason=reason)


def _retained(hosted: Hosted, new: list[Request], old: list[Request]) -> list[Request]:
    """RetainAllVariantProperties: instance counts and weights survive the update, those excluded apart."""
    if not hosted.deployment.get("_retain"):
        return new
    before = {variant["VariantName"]: variant for variant in old}
    kinds = {
        "DesiredInstanceCount": ("CurrentInstanceCount", "DesiredInstanceCount"),
        "DesiredWeight": ("CurrentWeight", "DesiredWeight"),
    }
    members = [m for kind, names in kinds.items() if kind not in hosted.deployment["_excluded"] for m in names]
    return [v | {m: before[v["VariantName"]][m] for m in members if m in before.get(v["VariantName"], {})} for v in new]


def _keep_scaled_variants(name: str, old: Request, new: Request) -> None:
    """AWS: a variant under automatic scaling may neither go away nor change its instance type (endpoint-scaling)."""
    asked = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    targets = operations.call("application-autoscaling", "DescribeScalableTargets", asked)["ScalableTargets"]
    scaled = {target["ResourceId"] for target in targets}
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in new["ProductionVariants"]}
    for variant in old.get("ProductionVariants", []):
        called = variant["VariantName"]
        if f"endpoint/{name}/variant/{called}" in scaled and types.get(called) != variant.get("InstanceType"):
            message = f"variant {called} is registered for automatic scaling: deregister it before this update"
            raise ServiceError("ValidationException", message)


@operations.operation("sagemaker", "UpdateEndpoint")
def update(request: Request) -> Request:
    name = request["EndpointName"]
    record = records.find(name)
    fleet = Fleet(_config(request["EndpointConfigName"]))
    _keep_scaled_variants(name, _known_config(record.endpoint_config_name), fleet.config)
    hosted = HOSTED.mine[name]
    with hosted.lock:
        if record.endpoint_status != "InService":
            raise ServiceError("ValidationException", f'Cannot update in-progress endpoint "{record.arn}".')
        records.change(name, endpoint_status="Updating")
    kept = hosted.deployment if request.get("RetainDeploymentConfig") else {}
    deployment = request.get("DeploymentConfig", kept)
    if "RollingUpdatePolicy" in deployment and "BlueGreenUpdatePolicy" in deployment:
        records.change(name, endpoint_status="InService")
        raise ServiceError(
            "ValidationException", "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be given."
        )
    excluded = [p["VariantPropertyType"] for p in request.get("ExcludeRetainedVariantProperties", [])]
    hosted.deployment = deployment | {
        "_retain": request.get("RetainAllVariantProperties", False),
        "_excluded": excluded,
    }
    old_config, old_summaries = record.endpoint_config_name, record.production_variants
    _move(name, "Updating", endpoint_config_name=request["EndpointConfigName"], failure_reason=None)
    context.in_background(_roll_out, hosted, fleet, deployment, old_config, old_summaries)
    return {"EndpointArn": record.arn}


@operations.operation("sagemaker", "DescribeEndpoint")
def describe(request: Request) -> Request:
    record = records.find(request["EndpointName"])
    answer = operations.moto("sagemaker", "DescribeEndpoint", request)
    config = _known_config(record.endpoint_config_name)
    shadows = [records.summary(variant, []) for variant in config.get("ShadowProductionVariants", [])]
    deployment = {k: v for k, v in HOSTED.mine[record.endpoint_name].deployment.items() if not k.startswith("_")}
    capture = config.get("DataCaptureConfig")
    extra = {
        "FailureReason": record.failure_reason,
        "ShadowProductionVariants": shadows or None,
        "LastDeploymentConfig": deployment or None,
        "AsyncInferenceConfig": config.get("AsyncInferenceConfig"),
        "DataCaptureConfig": capture
        and {
            "EnableCapture": capture.get("EnableCapture", False),
            "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        },
    }
    return {k: v for k, v in answer.items() if k not in extra} | {k: v for k, v in extra.items() if v is not None}


def _known_config(name: str) -> Request:
    """The configuration, or nothing when it was deleted while in use."""
    try:
        return _config(name)
    except ServiceError:
        return {}


@operations.operation("sagemaker", "DeleteEndpoint")
def delete(request: Request) -> Request:
    name = request["EndpointName"]
    record = records.find(name)
    if record.endpoint_status in ("Creating", "Updating", "RollingBack"):
        raise ServiceError("ValidationException", f'Cannot update in-progress endpoint "{record.arn}".')
    _move(name, "Deleting")
    hosted = HOSTED.mine.pop(name)
    operations.moto("sagemaker", "DeleteEndpoint", request)
    for fleet in (hosted.fleet, hosted.incoming):
        if fleet:
            fleet.stop()
    return {}


def stop_all() -> None:
    """End every process, for the emulator's own end."""
    for hosted in HOSTED.everyone():
        for fleet in (hosted.fleet, hosted.incoming):
            if fleet:
                fleet.stop()
