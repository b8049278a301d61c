"""Where pushes go and how they are signed."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from service_catalog.seeder.function import remotes as remotes_module
from service_catalog.seeder.function.properties import Connected
from service_catalog.seeder.function.remotes import Remote, credentials_for, remotes
from tests.catalog.seeder.git_server import ACCESS_KEY, SECRET_KEY, TOKEN, expected_password
from tests.catalog.seeder.seeding import CONNECTION_ARN, FUNCTION_ARN

HOST = "git-codecommit.us-west-2.amazonaws.com"
URL = f"https://{HOST}/v1/repos/project"
REMOTE = Remote("model-build", URL, URL, "us-west-2", connected=False)


class Clock(datetime):
    at = datetime.fromtimestamp(0, UTC)

    @classmethod
    def now(cls, tz: Any = None) -> Clock:  # noqa: ARG003
        return cls.at  # type: ignore[return-value]


def test_the_signature_is_the_one_that_another_tool_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known answer from nextflow's tests of AwsCodeCommitCredentialProvider."""
    monkeypatch.setattr(remotes_module, "datetime", Clock)
    expected = "19700101T000000Z105088f0165351288fd9bad861105f60ce80fc5da9d824b68e0601155157c657"
    assert credentials_for(REMOTE, Credentials("key", "abc123xyz")) == ("key", expected)
    assert expected_password("abc123xyz", "us-west-2", HOST, "/v1/repos/project", "19700101T000000") == expected


def test_temporary_credentials_put_their_token_behind_the_name() -> None:
    name, password = credentials_for(REMOTE, Credentials(ACCESS_KEY, SECRET_KEY, TOKEN))
    assert name == f"{ACCESS_KEY}%{TOKEN}"
    timestamp = password.partition("Z")[0]
    assert password == expected_password(SECRET_KEY, "us-west-2", HOST, "/v1/repos/project", timestamp)


@pytest.mark.parametrize(
    ("partition", "region", "suffix"),
    [("aws", "eu-central-1", "amazonaws.com"), ("aws-cn", "cn-north-1", "amazonaws.com.cn")],
)
def test_hosts_are_those_of_partition_and_region(
    monkeypatch: pytest.MonkeyPatch, partition: str, region: str, suffix: str
) -> None:
    monkeypatch.delenv("GIT_ENDPOINT_CODECOMMIT", raising=False)
    function = f"arn:{partition}:lambda:{region}:111122223333:function:x"
    found = remotes({"model-build": "x-model-build"}, function)["model-build"]
    url = f"https://git-codecommit.{region}.{suffix}/v1/repos/x-model-build"
    assert found == Remote("model-build", url, url, region, connected=False)


@pytest.mark.parametrize("service", ["codeconnections", "codestar-connections"])
def test_a_connections_endpoint_is_that_of_its_own_arn(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    monkeypatch.delenv("GIT_ENDPOINT_CONNECTIONS", raising=False)
    arn = CONNECTION_ARN.replace("codeconnections:eu-central-1", f"{service}:us-east-1")
    found = remotes({"model-build": Connected(arn, "group/sub/name")}, FUNCTION_ARN)["model-build"]
    uuid = arn.rsplit("/", 1)[1]
    assert found.url == (
        f"https://{service}.us-east-1.amazonaws.com/git-http/111122223333/us-east-1/{uuid}/group/sub/name.git"
    )
    assert (found.region, found.connected) == ("us-east-1", True)


def test_git_itself_gets_in_with_such_credentials(surroundings: Any, tmp_path: Path) -> None:
    surroundings.repositories()
    url = surroundings.git.url + surroundings.url_path("model-build")
    remote = Remote("x", url, url, "eu-central-1", connected=False)
    name, password = credentials_for(remote, Credentials(ACCESS_KEY, SECRET_KEY, TOKEN))
    helper = tmp_path / "helper"
    helper.write_text(f"#!/bin/sh\necho username={json.dumps(name)}\necho password={password}\n".replace('"', ""))
    helper.chmod(0o700)
    command = ["git", "-c", f"credential.helper={helper}", "ls-remote", remote.url]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    wrong = ["git", "-c", f"credential.helper={helper}", "ls-remote", remote.url.replace("build", "deploy")]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GIT_TERMINAL_PROMPT": "0"}
    assert subprocess.run(wrong, capture_output=True, env=environment).returncode != 0
