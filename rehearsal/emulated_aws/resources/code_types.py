"""AWS::CodePipeline::Pipeline, AWS::CodeConnections::Connection, AWS::CodeCommit::Repository.

AWS: Ref gives the pipeline's name, the connection's ARN, the repository's id; a new pipeline runs at once. Simplified:
nothing runs; Code, Triggers and any change of a repository but of its tags are refused; tags of pipelines only count at
creation.
"""

from __future__ import annotations

from typing import Any

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import NotEmulatedError
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register

_NOT_OF_THE_STRUCTURE = ("Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions")
_FREE_FORM = ("Configuration",)


def _lower(value: Any) -> Any:
    """CloudFormation's names as the API spells them; an action's configuration is kept as it is."""
    if isinstance(value, dict):
        return {
            name[0].lower() + name[1:]: item if name in _FREE_FORM else _lower(item) for name, item in value.items()
        }
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _structure(properties: Properties, name: str) -> Properties:
    kept = {key: value for key, value in properties.items() if key not in _NOT_OF_THE_STRUCTURE}
    structure: Properties = _lower(kept)
    return structure | {"name": name}


def create_pipeline(logical_id: str, properties: Properties, stack: str) -> Made:
    if properties.get("DisableInboundStageTransitions"):
        raise NotEmulatedError("DisableInboundStageTransitions")
    name = physical_name(properties, "Name", stack, logical_id, 100)
    request = {"pipeline": _structure(properties, name), "tags": _lower(properties.get("Tags", []))}
    operations.call("codepipeline", "CreatePipeline", request)
    return name, {"Version": "1"}


def update_pipeline(name: str, _old: Properties, new: Properties) -> Made:
    answer = operations.call("codepipeline", "UpdatePipeline", {"pipeline": _structure(new, name)})
    return name, {"Version": str(answer["pipeline"]["version"])}


def delete_pipeline(name: str, _properties: Properties) -> None:
    operations.call("codepipeline", "DeletePipeline", {"name": name})


def _connection(arn: str) -> Made:
    found = operations.call("codeconnections", "GetConnection", {"ConnectionArn": arn})["Connection"]
    return arn, {name: found[name] for name in ("ConnectionArn", "ConnectionStatus", "OwnerAccountId")}


def create_connection(_logical_id: str, properties: Properties, _stack: str) -> Made:
    return _connection(operations.call("codeconnections", "CreateConnection", properties)["ConnectionArn"])


def update_connection(arn: str, _old: Properties, _new: Properties) -> Made:
    return _connection(arn)


def delete_connection(arn: str, _properties: Properties) -> None:
    operations.call("codeconnections", "DeleteConnection", {"ConnectionArn": arn})


def create_repository(_logical_id: str, properties: Properties, _stack: str) -> Made:
    if refused := [name for name in ("Code", "Triggers") if properties.get(name)]:
        raise NotEmulatedError(f"{refused[0]} of a CodeCommit repository")
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}
    request = {"repositoryName": properties["RepositoryName"], "tags": tags}
    names = {"RepositoryDescription": "repositoryDescription", "KmsKeyId": "kmsKeyId"}
    more = {theirs: properties[ours] for ours, theirs in names.items() if ours in properties}
    return _repository(operations.call("codecommit", "CreateRepository", request | more)["repositoryMetadata"])


def _repository(made: Properties) -> Made:
    return made["repositoryId"], {
        "Name": made["repositoryName"],
        "Arn": context.arn("codecommit", made["repositoryName"]),
        "CloneUrlHttp": made["cloneUrlHttp"],
        "CloneUrlSsh": made["cloneUrlSsh"],
    }


def update_repository(_physical_id: str, old: Properties, new: Properties) -> Made:
    if [name for name in {*old, *new} - {"Tags"} if old.get(name) != new.get(name)]:
        raise NotEmulatedError("a change of a CodeCommit repository")
    name = new["RepositoryName"]
    tags = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}
    operations.call("codecommit", "TagResource", {"resourceArn": context.arn("codecommit", name), "tags": tags})
    gone = sorted({tag["Key"] for tag in old.get("Tags", [])} - set(tags))
    if gone:
        request = {"resourceArn": context.arn("codecommit", name), "tagKeys": gone}
        operations.call("codecommit", "UntagResource", request)
    return _repository(operations.call("codecommit", "GetRepository", {"repositoryName": name})["repositoryMetadata"])


def delete_repository(_physical_id: str, properties: Properties) -> None:
    operations.call("codecommit", "DeleteRepository", {"repositoryName": properties["RepositoryName"]})


def install() -> None:
    tags = ("Tags", "list")
    kind = ResourceType
    register(kind("AWS::CodePipeline::Pipeline", create_pipeline, update_pipeline, delete_pipeline, "Name", tags))
    register(kind("AWS::CodeConnections::Connection", create_connection, update_connection, delete_connection))
    register(kind("AWS::CodeCommit::Repository", create_repository, update_repository, delete_repository, None, tags))
