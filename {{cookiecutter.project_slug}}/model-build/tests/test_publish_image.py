"""Publishing the image: built once for a content, named by digest, and failures in one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from model_build import publish_image

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
URI = f"{REGISTRY}/census:0123456789abcdef0123"
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []})


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[ECRClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("ecr", region_name="eu-west-1")
        client.create_repository(repositoryName="census")
        yield client


@pytest.fixture
def calls(ecr: ECRClient, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Calls of an engine whose push really arrives in ECR."""
    made: list[tuple[str, ...]] = []

    def engine(*arguments: str, given: str = "") -> None:
        made.append((*arguments, given))
        if arguments[0] == "push":
            ecr.put_image(repositoryName="census", imageManifest=MANIFEST, imageTag=arguments[1].rpartition(":")[2])

    monkeypatch.setattr(publish_image, "engine", engine)
    return made


def test_a_new_content_is_built_as_sagemakers_user_and_pushed(ecr: ECRClient, calls: list[tuple[str, ...]]) -> None:
    published = publish_image.publish(URI, Path("project"), ecr)
    login, build, push = calls
    assert published.startswith(f"{REGISTRY}/census@sha256:")
    assert login[:3] == ("login", "--username", "AWS") and REGISTRY in login and login[-1]
    assert build == ("build", "--build-arg", "RUN_AS=0:0", "--tag", URI, "project", "")
    assert push[:2] == ("push", URI)


def test_an_image_that_is_there_is_not_built_again(ecr: ECRClient, calls: list[tuple[str, ...]]) -> None:
    first = publish_image.publish(URI, Path("project"), ecr)
    calls.clear()
    assert publish_image.publish(URI, Path("project"), ecr) == first
    assert calls == []


def test_another_base_image_is_another_build_under_a_tag_of_its_own(
    ecr: ECRClient, calls: list[tuple[str, ...]]
) -> None:
    publish_image.publish(URI, Path("project"), ecr)
    calls.clear()
    for base in ("python@sha256:1", "python@sha256:2", "python@sha256:2"):
        publish_image.publish(URI, Path("project"), ecr, ["--build-arg", f"PYTHON_IMAGE={base}"])
    builds = [call for call in calls if call[0] == "build"]
    assert [call[4] for call in builds] == ["PYTHON_IMAGE=python@sha256:1", "PYTHON_IMAGE=python@sha256:2"]
    tags = {URI, *(call[6] for call in builds)}
    assert len(tags) == 3 and all(tag.startswith(URI) for tag in tags)


def test_a_push_that_ecr_does_not_know_of_is_an_error(ecr: ECRClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_image, "engine", lambda *arguments, given="": None)
    with pytest.raises(publish_image.PublishError, match="was pushed, but ECR does not list it"):
        publish_image.publish(URI, Path("project"), ecr)


def test_the_engine_writes_to_stderr_and_never_sees_the_password_as_an_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "engine"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:], sys.stdin.read())\n")
    program.chmod(0o755)
    monkeypatch.setenv("DOCKER", str(program))
    publish_image.engine("login", "--password-stdin", given="secret")
    output = capfd.readouterr()
    assert (output.out, output.err) == ("", "['login', '--password-stdin'] secret\n")


@pytest.mark.parametrize(
    ("engine", "complaint"),
    [("no-such-engine", "publishing needs a container engine"), ("false", "false push ended with exit code 1")],
)
def test_a_missing_or_failing_engine_is_named(engine: str, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", engine)
    with pytest.raises(publish_image.PublishError, match=complaint):
        publish_image.engine("push", URI)
