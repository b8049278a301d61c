"""One seeder's surroundings for a test: S3 in memory, CloudFormation's ear, a git host; and events as they arrive."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from service_catalog.answers import ID_PARAMETER, answer_fields, answers_from, parameter_of
from service_catalog.seeder.bundle import Bundle, bundle
from tests.catalog.seeder.git_server import ACCESS_KEY, REGION, SECRET_KEY, TOKEN, GitHost, QuietServer

ACCOUNT = "111122223333"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sagemaker-mlops-seeder"
CONNECTION_ARN = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/00000000-1111-2222-3333-444444444444"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SC-1-pp-2/e722ae60-fe62-11e8-9a0e-0ae8cc519968"
PROJECT_ID = "p-abcdefghijkl"
BUCKET = "channel"
SLUG = "census-income"


class Killed(BaseException):
    """The function dies here, as if Lambda had ended it."""


@dataclass
class Context:
    invoked_function_arn: str = FUNCTION_ARN
    seconds: float = 300

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class S3:
    """`get_object`, `put_object` and `delete_object` of boto3's client."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError

        self.calls.append(f"get {Key}")
        if (Bucket, Key) not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": io.BytesIO(self.objects[Bucket, Key])}

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803
        self.calls.append(f"put {Key}")
        self.objects[Bucket, Key] = Body

    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self.calls.append(f"delete {Key}")
        del self.objects[Bucket, Key]


@dataclass
class Connections:
    """CodeConnections' tags of every connection; an `error` is answered instead."""

    tags: dict[str, str] = field(default_factory=lambda: {"sagemaker": "true"})
    error: str = ""
    asked: list[str] = field(default_factory=list)

    def list_tags_for_resource(self, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError

        self.asked.append(ResourceArn)
        if self.error:
            raise ClientError({"Error": {"Code": self.error}}, "ListTagsForResource")
        return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}


def clients(**services: object) -> Callable[..., Any]:
    """What makes boto3's clients, of these services only."""
    return lambda service, region=None: services[service]  # noqa: ARG005


@dataclass
class Clock:
    """Passes only while somebody waits."""

    waits: list[float] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def now(self) -> float:
        return sum(self.waits)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.during()


class Session:
    """Credentials as those of a role."""

    def get_credentials(self) -> Any:
        from botocore.credentials import Credentials

        return Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)


@dataclass
class CloudFormation:
    """What was answered; the first answers get the `statuses`, all others 200."""

    url: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[CloudFormation]:
    stacks = CloudFormation()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            assert self.headers["Content-Type"] == ""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = stacks.statuses.pop(0) if stacks.statuses else 200
            if status == 200:
                stacks.answers.append(json.loads(body))
                stacks.lengths.append(len(body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = QuietServer(("127.0.0.1", 0), Handler)
    stacks.url = f"http://127.0.0.1:{server.server_port}/answer?signature=x"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield stacks
    finally:
        server.shutdown()
        server.server_close()


@cache
def published() -> Bundle:
    return bundle()


def form(ci: str = "codepipeline", **answers: str) -> dict[str, str]:
    """CreateProject's parameters: what the form's defaults give, with other `answers` in their place."""
    defaults = {each.parameter: each.default or "" for each in answer_fields(ci)}
    given = {parameter_of(option): answer for option, answer in answers.items()}
    return {parameter_of("project_slug"): SLUG, ID_PARAMETER: PROJECT_ID, **defaults, **given}


def properties(parameters: Mapping[str, str], connected: bool = False) -> dict[str, Any]:
    """The custom resource's properties, as the project stack makes them of its parameters."""
    slug, made = parameters[parameter_of("project_slug")], published()
    repositories = {
        name: {"CodeCommit": "", "ConnectionArn": CONNECTION_ARN, "Path": f"team/{slug}-{name}"}
        if connected
        else {"CodeCommit": f"{slug}-{name}", "ConnectionArn": "", "Path": ""}
        for name in ("model-build", "model-deploy")
    }
    return {
        "ServiceToken": FUNCTION_ARN,
        "TemplateVersion": made.version,
        "Bundle": {"Key": made.key, "Sha256": made.sha256},
        "Answers": answers_from(parameters),
        "ProjectId": parameters[ID_PARAMETER],
        "Repositories": repositories,
    }


def event(kind: str, url: str, resource: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ServiceToken": FUNCTION_ARN,
        "ResponseURL": url,
        "StackId": STACK_ID,
        "RequestId": "00000000-0000-0000-0000-000000000000",
        "LogicalResourceId": "Seed",
        "ResourceType": "Custom::ModelRepositories",
        "ResourceProperties": dict(resource),
        **more,
    }


@dataclass
class Surroundings:
    """A seeder to call: `seed("Create", form())` returns CloudFormation's answer."""

    s3: S3
    stacks: CloudFormation
    git: GitHost
    connections: Connections = field(default_factory=Connections)
    clock: Clock = field(default_factory=Clock)
    context: Context = field(default_factory=Context)

    def url_path(self, name: str, slug: str = SLUG, connected: bool = False) -> str:
        if not connected:
            return f"/v1/repos/{slug}-{name}"
        uuid = CONNECTION_ARN.rsplit("/", 1)[1]
        return f"/git-http/{ACCOUNT}/{REGION}/{uuid}/team/{slug}-{name}.git"

    def repositories(self, slug: str = SLUG, connected: bool = False) -> dict[str, Path]:
        """Two empty repositories at the host, made where they aren't there yet."""
        return {name: self.git.create(self.url_path(name, slug, connected)) for name in ("model-build", "model-deploy")}

    def update(self, wish: Mapping[str, Any], physical_id: str, before: Mapping[str, Any] | None = None) -> Any:
        return self.seed("Update", wish, OldResourceProperties=before or wish, PhysicalResourceId=physical_id)

    def seed(self, kind: str, resource: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        from service_catalog.seeder.function import handler

        told = len(self.stacks.answers)
        handler.handle(event(kind, self.stacks.url, resource, **more), self.context)
        assert len(self.stacks.answers) == told + 1
        return self.stacks.answers[-1]
