"""Application Auto Scaling as records.

AWS: targets and policies act on alarms. Simplified: moto keeps and describes them, nothing is ever scaled.
"""

from __future__ import annotations

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

operations.service(
    "application-autoscaling",
    "AnyScaleFrontendService",
    from_moto="""
    DescribeScalableTargets DeregisterScalableTarget PutScalingPolicy DescribeScalingPolicies DeleteScalingPolicy
    PutScheduledAction DescribeScheduledActions DeleteScheduledAction
    """,
)
_tags: Store[dict[str, str]] = Store()


def _target_arn(request: Request) -> str:
    found = operations.moto(
        "application-autoscaling",
        "DescribeScalableTargets",
        {"ServiceNamespace": request["ServiceNamespace"], "ResourceIds": [request["ResourceId"]]},
    )["ScalableTargets"]
    return str(next(t["ScalableTargetARN"] for t in found if t["ScalableDimension"] == request["ScalableDimension"]))


@operations.operation("application-autoscaling", "RegisterScalableTarget")
def register(request: Request) -> Request:
    operations.moto(
        "application-autoscaling", "RegisterScalableTarget", {k: v for k, v in request.items() if k != "Tags"}
    )
    arn = _target_arn(request)
    _tags.mine.setdefault(arn, {}).update(request.get("Tags", {}))
    return {"ScalableTargetARN": arn}


def _tagged(request: Request) -> dict[str, str]:
    arn = request["ResourceARN"]
    if arn not in _tags.mine:
        raise ServiceError("ResourceNotFoundException", f"{arn} does not exist", ResourceName=arn)
    return _tags.mine[arn]


@operations.operation("application-autoscaling", "ListTagsForResource")
def list_tags(request: Request) -> Request:
    return {"Tags": _tagged(request)}


@operations.operation("application-autoscaling", "TagResource")
def tag(request: Request) -> Request:
    _tagged(request).update(request["Tags"])
    return {}


@operations.operation("application-autoscaling", "UntagResource")
def untag(request: Request) -> Request:
    for key in request["TagKeys"]:
        _tagged(request).pop(key, None)
    return {}
