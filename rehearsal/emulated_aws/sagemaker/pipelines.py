"""Pipelines as definitions: created, updated, described; running one is refused.

AWS: CreatePipeline holds the definition to its schema 2020-12-01. Simplified: JSON with Version, Steps, and a Name and
Type in every step; RoleArn is not looked up; PipelineDefinitionS3Location is refused; no pipeline has any executions.
"""

from __future__ import annotations

import json

from rehearsal.emulated_aws import operations
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

_kept: Store[Request] = Store()


def _check(request: Request) -> None:
    if "PipelineDefinitionS3Location" in request:
        raise NotEmulatedError("a pipeline definition in S3")
    if "PipelineDefinition" not in request:
        return
    try:
        definition = json.loads(request["PipelineDefinition"])
    except ValueError as fault:
        raise ServiceError("ValidationException", f"Invalid pipeline definition: {fault}") from fault
    if not isinstance(definition, dict) or definition.get("Version") != "2020-12-01" or not definition.get("Steps"):
        raise ServiceError(
            "ValidationException", "Invalid pipeline definition: Version 2020-12-01 and Steps are required"
        )
    if faulty := [step for step in definition["Steps"] if not {"Name", "Type"} <= set(step)]:
        raise ServiceError(
            "ValidationException", f"Invalid pipeline definition: step without Name or Type: {faulty[0]}"
        )


@operations.operation("sagemaker", "CreatePipeline")
def create(request: Request) -> Request:
    _check(request)
    answer = operations.moto("sagemaker", "CreatePipeline", request)
    _kept.mine[request["PipelineName"]] = request
    return answer


@operations.operation("sagemaker", "UpdatePipeline")
def update(request: Request) -> Request:
    _check(request)
    answer = operations.moto("sagemaker", "UpdatePipeline", request)
    _kept.mine[request["PipelineName"]].update(request)
    return answer


@operations.operation("sagemaker", "DescribePipeline")
def describe(request: Request) -> Request:
    answer = operations.moto("sagemaker", "DescribePipeline", request)
    kept = _kept.mine.get(answer["PipelineName"], {})
    members = ("PipelineDescription", "PipelineDisplayName", "ParallelismConfiguration")
    return answer | {name: kept[name] for name in members if name in kept}


@operations.operation("sagemaker", "ListPipelineExecutions")
def list_executions(request: Request) -> Request:
    """None: StartPipelineExecution is refused, and nothing delivers to a pipeline."""
    name = request["PipelineName"]
    try:
        operations.moto("sagemaker", "DescribePipeline", {"PipelineName": name})
    except ServiceError as fault:
        raise ServiceError("ResourceNotFound", f"Pipeline '{name}' does not exist.") from fault
    return {"PipelineExecutionSummaries": []}
