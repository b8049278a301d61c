"""AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy.

AWS: Ref of a target is "<resource>|<dimension>|<namespace>", of a policy its ARN; a target tracking policy makes
alarms of its own. Simplified: capacity never changes, no alarms are made; ScheduledActions and SuspendedState
are refused.
"""

from __future__ import annotations

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, register

_IDENTITY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def _call(operation: str, request: Properties) -> Properties:
    return operations.call("application-autoscaling", operation, request)


def create_target(_logical_id: str, properties: Properties, _stack: str) -> Made:
    for member in ("ScheduledActions", "SuspendedState"):
        if properties.get(member):
            raise NotEmulatedError(f"{member} of a scalable target")
    request = {k: v for k, v in properties.items() if k != "Tags"}
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    _call("RegisterScalableTarget", request | ({"Tags": tags} if tags else {}))
    identity = f"{properties['ResourceId']}|{properties['ScalableDimension']}|{properties['ServiceNamespace']}"
    return identity, {"Id": identity}


def update_target(physical_id: str, _old: Properties, new: Properties) -> Made:
    create_target("", {k: v for k, v in new.items() if k != "Tags"}, "")
    return physical_id, {"Id": physical_id}


def delete_target(physical_id: str, _properties: Properties) -> None:
    resource, dimension, namespace = physical_id.split("|")
    _call("DeregisterScalableTarget", dict(zip(_IDENTITY, (namespace, resource, dimension), strict=True)))


def _identified(properties: Properties) -> Properties:
    rest = dict(properties)
    if target := rest.pop("ScalingTargetId", None):
        resource, dimension, namespace = target.split("|")
        rest |= dict(zip(_IDENTITY, (namespace, resource, dimension), strict=True))
    return rest


def create_policy(_logical_id: str, properties: Properties, _stack: str) -> Made:
    arn = _call("PutScalingPolicy", _identified(properties))["PolicyARN"]
    return arn, {"Arn": arn}


def update_policy(_physical_id: str, _old: Properties, new: Properties) -> Made:
    return create_policy("", new, "")


def delete_policy(_physical_id: str, properties: Properties) -> None:
    identified = _identified(properties)
    _call("DeleteScalingPolicy", {k: identified[k] for k in ("PolicyName", *_IDENTITY)})


def install() -> None:
    tags = ("Tags", "list")
    register(
        ResourceType(
            "AWS::ApplicationAutoScaling::ScalableTarget", create_target, update_target, delete_target, None, tags
        )
    )
    register(ResourceType("AWS::ApplicationAutoScaling::ScalingPolicy", create_policy, update_policy, delete_policy))
