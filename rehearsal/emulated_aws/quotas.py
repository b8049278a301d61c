"""Service Quotas for SageMaker.

AWS: quotas of an account, by name and an opaque code. Simplified: SageMaker's instance quotas for endpoints and jobs
only, each with the value given by --quota, else 4 (made up, AWS has one of its own for each); codes are the emulator's
own, so a client has to look quotas up by name; increases are refused.
"""

from __future__ import annotations

import hashlib

from rehearsal.emulated_aws import context, operations, shapes
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.settings import SETTINGS

operations.service("servicequotas", "ServiceQuotasV20190624")
USAGES = {
    "endpoint usage": "ProductionVariantInstanceType",
    "transform job usage": "TransformInstanceType",
    "processing job usage": "ProcessingInstanceType",
    "training job usage": "TrainingInstanceType",
}
ACROSS_TYPES = {
    "Number of instances across active endpoints",
    "Maximum total concurrency that can be allocated across all serverless endpoints",
}
DEFAULT = 4.0


def _quota(name: str) -> Request:
    code = "L-" + hashlib.sha256(name.encode()).hexdigest()[:8].upper()
    return {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": context.arn("servicequotas", f"sagemaker/{code}"),
        "QuotaCode": code,
        "QuotaName": name,
        "Value": SETTINGS.quotas.get(name, DEFAULT),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _all(request: Request) -> list[Request]:
    if request["ServiceCode"] != "sagemaker":
        raise ServiceError("NoSuchResourceException", f"quotas of {request['ServiceCode']} are not emulated")
    model = shapes.service_model("sagemaker")
    names = {f"{kind} for {usage}" for usage, shape in USAGES.items() for kind in model.shape_for(shape).enum}
    return [_quota(name) for name in sorted(names | ACROSS_TYPES | set(SETTINGS.quotas))]


@operations.operation("servicequotas", "ListServiceQuotas")
def list_quotas(request: Request) -> Request:
    """Pages of MaxResults (100 unless given), as on AWS."""
    rows, begin, size = _all(request), int(request.get("NextToken", 0)), request.get("MaxResults", 100)
    more = {"NextToken": str(begin + size)} if begin + size < len(rows) else {}
    return {"Quotas": rows[begin : begin + size], **more}


@operations.operation("servicequotas", "ListAWSDefaultServiceQuotas")
def list_defaults(request: Request) -> Request:
    answer = list_quotas(request)
    return answer | {"Quotas": [row | {"Value": DEFAULT} for row in answer["Quotas"]]}


@operations.operation("servicequotas", "GetServiceQuota")
def get_quota(request: Request) -> Request:
    found = next((row for row in _all(request) if row["QuotaCode"] == request["QuotaCode"]), None)
    if found is None:
        raise ServiceError("NoSuchResourceException", f"no quota {request['QuotaCode']}")
    return {"Quota": found}
