"""Where the repositories are, and what their hosts want to see: names and passwords signed by Signature Version 4.

The form of the password, and that temporary credentials put `%` and their token behind the name, is what
git-remote-codecommit does (github.com/aws/git-remote-codecommit, `sign`). The endpoint of a connection takes the same
from `aws codecommit credential-helper`; not verified on AWS: that it also takes it from here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from service_catalog.seeder.function.properties import Connected

_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True)
class Remote:
    """A repository by its URL, without credentials; `region` is the one that signatures name.

    Pushes go to `url`, which is `public_url` unless the environment names another host.
    """

    name: str
    url: str
    public_url: str
    region: str
    connected: bool


def remotes(repositories: Mapping[str, str | Connected], function_arn: str) -> dict[str, Remote]:
    """Each repository's place; the function's own ARN tells its partition and region."""
    _, partition, _, region, *_ = function_arn.split(":")
    return {name: _remote(name, found, partition, region) for name, found in repositories.items()}


def _remote(name: str, repository: str | Connected, partition: str, region: str) -> Remote:
    suffix = _SUFFIXES.get(partition, "amazonaws.com")
    if isinstance(repository, str):
        service, connected, path = "git-codecommit", False, f"/v1/repos/{repository}"
    else:
        _, _, service, region, account, resource = repository.connection_arn.split(":")
        uuid = resource.removeprefix("connection/")
        connected, path = True, f"/git-http/{account}/{region}/{uuid}/{repository.path}.git"
    public = f"https://{service}.{region}.{suffix}"
    host = os.environ.get("GIT_ENDPOINT_CONNECTIONS" if connected else "GIT_ENDPOINT_CODECOMMIT") or public
    return Remote(name, host + path, public + path, region, connected)


def credentials_for(remote: Remote, credentials: Any) -> tuple[str, str]:
    """Name and password, which hold for some minutes; `credentials` are botocore's."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    where = urlsplit(remote.url)
    request = AWSRequest(method="GIT", url=remote.url)
    request.context["timestamp"] = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    signer = SigV4Auth(credentials, "codecommit", remote.region)
    canonical = f"GIT\n{where.path}\n\nhost:{where.netloc}\n\nhost\n"
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    name = credentials.access_key + (f"%{credentials.token}" if credentials.token else "")
    return name, f"{request.context['timestamp']}Z{signature}"
