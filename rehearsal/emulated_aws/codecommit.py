"""CodeCommit: repositories of git, their branches, tags and events.

AWS: repositories with pull requests, approval rules, triggers and commits by API. Simplified: moto keeps the record,
git the content; what is pushed is served again; pull requests, triggers and commits by API are refused.
"""

from __future__ import annotations

from pathlib import Path

from rehearsal.emulated_aws import context, operations
from rehearsal.emulated_aws.errors import ServiceError
from rehearsal.emulated_aws.git import repositories
from rehearsal.emulated_aws.operations import Request
from rehearsal.emulated_aws.state import Store

operations.service("codecommit", "CodeCommit_20150413")
_repositories: Store[Request] = Store()


def _folder(name: str) -> Path:
    return repositories.of_codecommit(context.account(), context.region(), name)


@operations.operation("codecommit", "CreateRepository")
def create_repository(request: Request) -> Request:
    name = request["repositoryName"]
    made = operations.moto("codecommit", "CreateRepository", request)["repositoryMetadata"]
    repositories.create(_folder(name))
    kept = {key: request[key] for key in ("kmsKeyId",) if key in request}
    _repositories.mine[name] = {"tags": dict(request.get("tags", {})), "more": kept, "arn": made["Arn"]}
    return {"repositoryMetadata": made | kept}


@operations.operation("codecommit", "GetRepository")
def get_repository(request: Request) -> Request:
    found = operations.moto("codecommit", "GetRepository", request)["repositoryMetadata"]
    return {"repositoryMetadata": found | _repositories.mine[request["repositoryName"]]["more"]}


@operations.operation("codecommit", "DeleteRepository")
def delete_repository(request: Request) -> Request:
    answer = operations.moto("codecommit", "DeleteRepository", request)
    if _repositories.mine.pop(request["repositoryName"], None):
        repositories.delete(_folder(request["repositoryName"]))
    return answer


@operations.operation("codecommit", "ListRepositories")
def list_repositories(_request: Request) -> Request:
    found = [get_repository({"repositoryName": name})["repositoryMetadata"] for name in sorted(_repositories.mine)]
    return {"repositories": [{key: each[key] for key in ("repositoryName", "repositoryId")} for each in found]}


@operations.operation("codecommit", "ListBranches")
def list_branches(request: Request) -> Request:
    get_repository(request)
    return {"branches": sorted(repositories.branches(_folder(request["repositoryName"])))}


@operations.operation("codecommit", "GetBranch")
def get_branch(request: Request) -> Request:
    get_repository(request)
    found = repositories.branches(_folder(request["repositoryName"]))
    name = request["branchName"]
    if name not in found:
        raise ServiceError("BranchDoesNotExistException", f"{name} does not exist")
    return {"branch": {"branchName": name, "commitId": found[name]}}


def _by_arn(arn: str) -> Request:
    for each in _repositories.mine.values():
        if each["arn"] == arn:
            return each
    raise ServiceError("RepositoryDoesNotExistException", f"{arn} does not exist")


@operations.operation("codecommit", "ListTagsForResource")
def list_repository_tags(request: Request) -> Request:
    return {"tags": _by_arn(request["resourceArn"])["tags"]}


@operations.operation("codecommit", "TagResource")
def tag_repository(request: Request) -> Request:
    _by_arn(request["resourceArn"])["tags"].update(request["tags"])
    return {}


@operations.operation("codecommit", "UntagResource")
def untag_repository(request: Request) -> Request:
    for key in request["tagKeys"]:
        _by_arn(request["resourceArn"])["tags"].pop(key, None)
    return {}


def regions_of_repositories() -> list[str]:
    return sorted({each["arn"].split(":")[3] for each in _repositories.everyone()})


def tell_of_pushes(name: str, before: dict[str, str], after: dict[str, str]) -> None:
    """The event of each branch that a push has created, moved or deleted."""
    arn = context.arn("codecommit", name)
    for branch in sorted(before.keys() | after.keys()):
        old, new = before.get(branch), after.get(branch)
        if old == new:
            continue
        verb = "Deleted" if new is None else "Created" if old is None else "Updated"
        commits = {key: commit for key, commit in (("commitId", new), ("oldCommitId", old)) if commit}
        detail = {
            "event": f"reference{verb}",
            "repositoryName": name,
            "repositoryId": get_repository({"repositoryName": name})["repositoryMetadata"]["repositoryId"],
            "referenceType": "branch",
            "referenceName": branch,
            "referenceFullName": repositories.BRANCHES + branch,
            **commits,
        }
        context.send_event("aws.codecommit", "CodeCommit Repository State Change", detail, [arn])
