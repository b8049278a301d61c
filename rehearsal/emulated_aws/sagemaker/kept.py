"""Models and endpoint configurations, described as they were created.

AWS: DescribeModel and DescribeEndpointConfig answer everything the request held; names are unique; both are immutable.
Moto drops some members (ShadowProductionVariants, ServerlessConfig limits, EnableNetworkIsolation): they are kept here.
Simplified: roles, keys, subnets and images a request names are not looked up; a model package is.
"""

from __future__ import annotations

from rehearsal.emulated_aws import operations, shapes
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.sagemaker import packages
from rehearsal.emulated_aws.state import Store

_models: Store[Request] = Store()
_configs: Store[Request] = Store()


def _create(kind: str, records: Store[Request], request: Request) -> Request:
    name = request[f"{kind}Name"]
    if name in records.mine:
        raise ServiceError("ValidationException", f"Cannot create already existing {kind} {name}.")
    answer = operations.moto("sagemaker", f"Create{kind}", request)
    records.mine[name] = request
    return answer


def _describe(kind: str, records: Store[Request], request: Request) -> Request:
    name = request[f"{kind}Name"]
    if name not in records.mine:
        raise ServiceError("ValidationException", f"Could not find {kind} {name}.")
    shape = shapes.operation_model("sagemaker", f"Describe{kind}").output_shape
    known = operations.moto("sagemaker", f"Describe{kind}", request)
    kept = {member: value for member, value in records.mine[name].items() if member in shape.members}
    return {member: known[member] for member in (f"{kind}Name", f"{kind}Arn", "CreationTime")} | kept


def _delete(kind: str, records: Store[Request], request: Request) -> Request:
    _describe(kind, records, request)
    operations.moto("sagemaker", f"Delete{kind}", request)
    del records.mine[request[f"{kind}Name"]]
    return {}


@operations.operation("sagemaker", "CreateModel")
def create_model(request: Request) -> Request:
    for container in [request.get("PrimaryContainer") or {}, *request.get("Containers", [])]:
        if package := container.get("ModelPackageName"):
            packages.described(package)
    return _create("Model", _models, request)


@operations.operation("sagemaker", "CreateEndpointConfig")
def create_config(request: Request) -> Request:
    for variant in request["ProductionVariants"] + request.get("ShadowProductionVariants", []):
        describe_model({"ModelName": variant["ModelName"]})
    return _create("EndpointConfig", _configs, request)


@operations.operation("sagemaker", "DescribeModel")
def describe_model(request: Request) -> Request:
    return _describe("Model", _models, request)


@operations.operation("sagemaker", "DescribeEndpointConfig")
def describe_config(request: Request) -> Request:
    return _describe("EndpointConfig", _configs, request)


@operations.operation("sagemaker", "DeleteModel")
def delete_model(request: Request) -> Request:
    return _delete("Model", _models, request)


@operations.operation("sagemaker", "DeleteEndpointConfig")
def delete_config(request: Request) -> Request:
    return _delete("EndpointConfig", _configs, request)
