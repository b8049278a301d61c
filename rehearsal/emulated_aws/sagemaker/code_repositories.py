"""Code repositories, by which Studio knows a repository of git, and their resource type.

AWS: a name and where git finds the repository; another URL or branch is another code repository. Simplified: the URL is
not tried; tags only count at creation.
"""

from __future__ import annotations

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.catalog.records import now
from rehearsal.emulated_aws.errors import NotEmulatedError, ServiceError
from rehearsal.emulated_aws.operations import Request, operation
from rehearsal.emulated_aws.resources.calls import own_tags
from rehearsal.emulated_aws.resources.registry import Made, Properties, ResourceType, physical_name, register
from rehearsal.emulated_aws.state import Store

_repositories: Store[Request] = Store()
_TYPE = "AWS::SageMaker::CodeRepository"


@operation("sagemaker", "CreateCodeRepository")
def create(request: Request) -> Request:
    name = request["CodeRepositoryName"]
    if name in _repositories.mine:
        raise ServiceError("ValidationException", f"Code repository {name} already exists.")
    _repositories.mine[name] = {
        "CodeRepositoryName": name,
        "CodeRepositoryArn": context.arn("sagemaker", f"code-repository/{name}"),
        "CreationTime": now(),
        "LastModifiedTime": now(),
        "GitConfig": request["GitConfig"],
    }
    return {"CodeRepositoryArn": _repositories.mine[name]["CodeRepositoryArn"]}


@operation("sagemaker", "DescribeCodeRepository")
def describe(request: Request) -> Request:
    name = request["CodeRepositoryName"]
    if name not in _repositories.mine:
        raise ServiceError("ValidationException", f"Code repository {name} does not exist.")
    return _repositories.mine[name]


@operation("sagemaker", "UpdateCodeRepository")
def update(request: Request) -> Request:
    found = describe(request)
    found["GitConfig"] = found["GitConfig"] | request.get("GitConfig", {})
    return {"CodeRepositoryArn": found["CodeRepositoryArn"]}


@operation("sagemaker", "ListCodeRepositories")
def list_all(_request: Request) -> Request:
    return {"CodeRepositorySummaryList": list(_repositories.mine.values())}


@operation("sagemaker", "DeleteCodeRepository")
def delete(request: Request) -> Request:
    describe(request)
    del _repositories.mine[request["CodeRepositoryName"]]
    return {}


def _made(name: str) -> Made:
    found = operations.call("sagemaker", "DescribeCodeRepository", {"CodeRepositoryName": name})
    return found["CodeRepositoryArn"], {"CodeRepositoryName": name, "CodeRepositoryArn": found["CodeRepositoryArn"]}


def create_resource(logical_id: str, properties: Properties, stack: str) -> Made:
    name = physical_name(properties, "CodeRepositoryName", stack, logical_id)
    request = {"CodeRepositoryName": name, "GitConfig": properties["GitConfig"]}
    request |= {"Tags": own_tags(properties["Tags"])} if properties.get("Tags") else {}
    operations.call("sagemaker", "CreateCodeRepository", request)
    return _made(name)


def update_resource(arn: str, old: Properties, new: Properties) -> Made:
    if any(old["GitConfig"].get(key) != new["GitConfig"].get(key) for key in ("RepositoryUrl", "Branch")):
        raise NotEmulatedError("another URL or branch of a code repository")
    return _made(arn.rpartition("/")[2])


def delete_resource(arn: str, _properties: Properties) -> None:
    operations.call("sagemaker", "DeleteCodeRepository", {"CodeRepositoryName": arn.rpartition("/")[2]})


def install() -> None:
    tags = ("Tags", "list")
    functions = (create_resource, update_resource, delete_resource)
    register(ResourceType(_TYPE, *functions, "CodeRepositoryName", tags))
