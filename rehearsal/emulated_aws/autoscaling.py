"""Application Auto Scaling as records.

AWS: targets and policies act on alarms. Simplified: moto keeps and describes them, nothing is ever scaled.
"""

from __future__ import annotations

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

SERVICE = "application-autoscaling"
operations.service(
    SERVICE,
    "AnyScaleFrontendService",
    from_moto="""
    DescribeScalableTargets PutScalingPolicy DescribeScalingPolicies PutScheduledAction DescribeScheduledActions
    """,
)
_tags: Store[dict[str, str]] = Store()


def _remove(name: str, request: Request) -> Request:
    """AWS says ObjectNotFoundException of what isn't there, by which callers know that it is gone; moto doesn't."""
    try:
        return operations.moto(SERVICE, name, request)
    except ServiceError as error:
        if error.code == "ValidationException" and error.message.startswith("No scal"):
            raise ServiceError("ObjectNotFoundException", error.message) from error
        raise


@operations.operation(SERVICE, "DeregisterScalableTarget")
def deregister(request: Request) -> Request:
    return _remove("DeregisterScalableTarget", request)


@operations.operation(SERVICE, "DeleteScalingPolicy")
def delete_policy(request: Request) -> Request:
    return _remove("DeleteScalingPolicy", request)


@operations.operation(SERVICE, "DeleteScheduledAction")
def delete_action(request: Request) -> Request:
    return _remove("DeleteScheduledAction", request)


def _target_arn(request: Request) -> str:
    found = operations.moto(
        SERVICE,
        "DescribeScalableTargets",
        {"ServiceNamespace": request["ServiceNamespace"], "ResourceIds": [request["ResourceId"]]},
    )["ScalableTargets"]
    return str(next(t["ScalableTargetARN"] for t in found if t["ScalableDimension"] == request["ScalableDimension"]))


@operations.operation(SERVICE, "RegisterScalableTarget")
def register(request: Request) -> Request:
    operations.moto(SERVICE, "RegisterScalableTarget", {k: v for k, v in request.items() if k != "Tags"})
    arn = _target_arn(request)
    _tags.mine.setdefault(arn, {}).update(request.get("Tags", {}))
    return {"ScalableTargetARN": arn}


def _tagged(request: Request) -> dict[str, str]:
    arn = request["ResourceARN"]
    if arn not in _tags.mine:
        raise ServiceError("ResourceNotFoundException", f"{arn} does not exist", ResourceName=arn)
    return _tags.mine[arn]


@operations.operation(SERVICE, "ListTagsForResource")
def list_tags(request: Request) -> Request:
    return {"Tags": _tagged(request)}


@operations.operation(SERVICE, "TagResource")
def tag(request: Request) -> Request:
    _tagged(request).update(request["Tags"])
    return {}


@operations.operation(SERVICE, "UntagResource")
def untag(request: Request) -> Request:
    for key in request["TagKeys"]:
        _tagged(request).pop(key, None)
    return {}
