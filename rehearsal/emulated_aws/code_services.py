"""CodePipeline and CodeConnections as records.

AWS: they run pipelines and link to Git hosts. Simplified: a pipeline can be created, read, changed and
deleted, starting one is refused (creating one starts nothing either); a connection stays PENDING, as on AWS until
somebody completes it in the console (here: `git/server`).
"""

from __future__ import annotations

import uuid

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

operations.service("codepipeline", "CodePipeline_20150709")
operations.service("codeconnections", "com.amazonaws.codeconnections.CodeConnections_20231201")
_pipelines: Store[Request] = Store()
_connections: Store[Request] = Store()
_tags: Store[list[Request]] = Store()


def _pipeline(name: str) -> Request:
    if name not in _pipelines.mine:
        raise ServiceError(
            "PipelineNotFoundException", f"Account '{context.account()}' does not have a pipeline '{name}'"
        )
    return _pipelines.mine[name]


@operations.operation("codepipeline", "CreatePipeline")
def create_pipeline(request: Request) -> Request:
    pipeline = request["pipeline"] | {"version": 1}
    if pipeline["name"] in _pipelines.mine:
        raise ServiceError(
            "PipelineNameInUseException", f"A pipeline with the name '{pipeline['name']}' already exists"
        )
    if len(pipeline["stages"]) < 2:
        raise ServiceError("InvalidStructureException", "Pipeline has less than 2 stages")
    _pipelines.mine[pipeline["name"]] = pipeline
    _tags.mine[context.arn("codepipeline", pipeline["name"])] = request.get("tags", [])
    return {"pipeline": pipeline, "tags": request.get("tags", [])}


@operations.operation("codepipeline", "UpdatePipeline")
def update_pipeline(request: Request) -> Request:
    name = request["pipeline"]["name"]
    _pipelines.mine[name] = request["pipeline"] | {"version": _pipeline(name)["version"] + 1}
    return {"pipeline": _pipelines.mine[name]}


@operations.operation("codepipeline", "GetPipeline")
def get_pipeline(request: Request) -> Request:
    pipeline = _pipeline(request["name"])
    return {"pipeline": pipeline, "metadata": {"pipelineArn": context.arn("codepipeline", request["name"])}}


@operations.operation("codepipeline", "ListPipelines")
def list_pipelines(_request: Request) -> Request:
    members = ("name", "version", "pipelineType", "executionMode")
    return {"pipelines": [{m: p[m] for m in members if m in p} for p in _pipelines.mine.values()]}


@operations.operation("codepipeline", "DeletePipeline")
def delete_pipeline(request: Request) -> Request:
    _pipelines.mine.pop(request["name"], None)
    return {}


@operations.operation("codepipeline", "ListTagsForResource")
def list_tags(request: Request) -> Request:
    return {"tags": _tags.mine.get(request["resourceArn"], [])}


@operations.operation("codeconnections", "CreateConnection")
def create_connection(request: Request) -> Request:
    arn = context.arn("codeconnections", f"connection/{uuid.uuid4()}")
    members = ("ConnectionName", "ProviderType", "HostArn")
    known = {member: request[member] for member in members if member in request}
    _connections.mine[arn] = known | {
        "ConnectionArn": arn,
        "OwnerAccountId": context.account(),
        "ConnectionStatus": "PENDING",
    }
    _tags.mine[arn] = request.get("Tags", [])
    return {"ConnectionArn": arn, "Tags": request.get("Tags", [])}


@operations.operation("codeconnections", "GetConnection")
def get_connection(request: Request) -> Request:
    arn = request["ConnectionArn"]
    if arn not in _connections.mine:
        raise ServiceError("ResourceNotFoundException", f"{arn} not found")
    return {"Connection": _connections.mine[arn]}


@operations.operation("codeconnections", "ListConnections")
def list_connections(_request: Request) -> Request:
    return {"Connections": list(_connections.mine.values())}


@operations.operation("codeconnections", "DeleteConnection")
def delete_connection(request: Request) -> Request:
    get_connection(request)
    del _connections.mine[request["ConnectionArn"]]
    return {}


def complete_connection(identifier: str) -> bool:
    """What a person does in the console; false when there is no such connection."""
    found = [each for each in _connections.everyone() if each["ConnectionArn"].endswith("/" + identifier)]
    for connection in found:
        connection["ConnectionStatus"] = "AVAILABLE"
    return bool(found)


def is_available(identifier: str, account: str, region: str) -> bool:
    """Whether git may go through the connection."""
    with context.acting_as(account, region):
        found = [each for arn, each in _connections.mine.items() if arn.endswith("/" + identifier)]
    return any(each["ConnectionStatus"] == "AVAILABLE" for each in found)


@operations.operation("codeconnections", "ListTagsForResource")
def list_connection_tags(request: Request) -> Request:
    get_connection({"ConnectionArn": request["ResourceArn"]})
    return {"Tags": _tags.mine.get(request["ResourceArn"], [])}


@operations.operation("codeconnections", "TagResource")
def tag_connection(request: Request) -> Request:
    new = {tag["Key"]: tag["Value"] for tag in [*list_connection_tags(request)["Tags"], *request["Tags"]]}
    _tags.mine[request["ResourceArn"]] = [{"Key": key, "Value": value} for key, value in new.items()]
    return {}
