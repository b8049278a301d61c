"""Which repositories a connection may be used for: whoever administers it can say so by a tag.

Without it, everybody who may create a project reaches whatever the connection reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from service_catalog.seeder.function.properties import Connected
from service_catalog.seeder.function.refusals import RefusedError

TAG = "sagemaker-mlops:repositories"


def refuse_beyond_reach(repositories: Mapping[str, str | Connected], client: Callable[[str, str], Any]) -> None:
    """Raises RefusedError for a path that the tag doesn't allow; `client` is given a service and a Region."""
    limits: dict[str, str | None] = {}
    for name, repository in repositories.items():
        if isinstance(repository, str):
            continue
        arn = repository.connection_arn
        if arn not in limits:
            limits[arn] = _limit(arn, client)
        limit = limits[arn]
        if limit is not None and not is_within(repository.path, limit):
            raise RefusedError(
                f"Repositories.{name}.Path {repository.path}: the connection's tag {TAG} allows only "
                f"{limit.strip() or 'none'}; use such a path, or have the tag changed"
            )


def is_within(path: str, limit: str) -> bool:
    """Whether the path is one of `limit`'s, separated by spaces: an owner or group, a repository, or either with `*`.

    Hosts don't tell big letters from small ones.
    """
    wanted = [each.rstrip("/") for each in limit.lower().split()]
    return any(fnmatchcase(path.lower(), pattern) for each in wanted for pattern in (each, f"{each}/*") if each)


def _limit(arn: str, client: Callable[[str, str], Any]) -> str | None:
    from botocore.exceptions import ClientError

    _, _, service, region, *_ = arn.split(":")
    try:
        tags = client(service, region).list_tags_for_resource(ResourceArn=arn)["Tags"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "error")
        raise RefusedError(f"{arn}: its tags can't be read ({code}); is it tagged sagemaker=true?") from error
    return next((str(each["Value"]) for each in tags if each["Key"] == TAG), None)
