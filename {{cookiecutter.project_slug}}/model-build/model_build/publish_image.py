"""Build the project's image and push it to its ECR repository, unless this very content is there; print it by digest.

    MLOPS_IMAGE_URI="$(python -m model_build.publish_image [--build-arg PYTHON_IMAGE=...])"

The tag is a hash of the image's sources, so unchanged sources keep their image, and SageMaker's step cache its hits.
Arguments are options of the engine's `build`; they decide what it holds too, so the tag is extended by their hash.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from model_build.pipelines.bindings import BindingsError
from model_build.pipelines.image import image_uri
from model_build.settings import PROJECT_ROOT, SettingsError, load_settings

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# "SageMaker AI expects all containers to run with root users": its developer guide, custom inference code.
SAGEMAKER_USER = "0:0"
OPTIONS_HASH_LENGTH = 8


class PublishError(RuntimeError):
    """One line: which part of publishing failed and why."""


def tagged_for(uri: str, options: Sequence[str]) -> str:
    """`uri` (by tag) of the image built with these options."""
    if not options:
        return uri
    return f"{uri}-{hashlib.sha256(repr(list(options)).encode()).hexdigest()[:OPTIONS_HASH_LENGTH]}"


def publish(uri: str, root: Path, ecr: ECRClient, options: Sequence[str] = ()) -> str:
    """URI by digest of the image `uri` (by content tag), built with `options` from `root` and pushed if ECR lacks it.

    Raises:
        PublishError: the container engine is missing or failed.
        ClientError: ECR refused.
    """
    uri = tagged_for(uri, options)
    repository, _, tag = uri.rpartition(":")
    registry, _, name = repository.partition("/")
    digest = find_digest(ecr, name, tag)
    if digest is None:
        build_and_push(uri, registry, root, ecr, options)
        digest = find_digest(ecr, name, tag)
    if digest is None:
        raise PublishError(f"{uri} was pushed, but ECR does not list it")
    return f"{repository}@{digest}"


def find_digest(ecr: ECRClient, repository: str, tag: str) -> str | None:
    """Digest of the image `tag` in `repository`, None if there is none."""
    try:
        answer = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return None
    return answer["imageDetails"][0]["imageDigest"]


def build_and_push(uri: str, registry: str, root: Path, ecr: ECRClient, options: Sequence[str]) -> None:
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    engine("login", "--username", user, "--password-stdin", registry, given=password)
    engine("build", "--build-arg", f"RUN_AS={SAGEMAKER_USER}", *options, "--tag", uri, str(root))
    engine("push", uri)


def engine(*arguments: str, given: str = "") -> None:
    """Run the container engine, its output on stderr: stdout is for the URI alone."""
    command = os.environ.get("DOCKER", "docker")
    # SageMaker takes single manifests, not the index that attestations need, and its instances are amd64.
    environment = {**os.environ, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if platform.machine().lower() not in ("x86_64", "amd64"):
        environment["DOCKER_DEFAULT_PLATFORM"] = "linux/amd64"
    try:
        done = subprocess.run([command, *arguments], input=given, text=True, stdout=sys.stderr, env=environment)
    except OSError as error:
        raise PublishError(f"{command}: {error.strerror}; publishing needs a container engine") from error
    if done.returncode:
        raise PublishError(f"{command} {arguments[0]} ended with exit code {done.returncode}")


def main() -> int:
    try:
        uri = image_uri(load_settings(), PROJECT_ROOT)
        print(publish(uri, PROJECT_ROOT, boto3.client("ecr", region_name=uri.split(".")[3]), sys.argv[1:]))
    except (BindingsError, SettingsError, PublishError, BotoCoreError, ClientError) as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
