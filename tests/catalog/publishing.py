"""Small templates in place of the real ones, an account to publish to, and every call that is made there."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from service_catalog.bindings import FLAVOURS
from service_catalog.publisher import names
from service_catalog.publisher.aws import Aws, connect
from service_catalog.publisher.history import Release
from service_catalog.publisher.publish import Package, Published, publish
from service_catalog.publisher.settings import EXAMPLE, Settings, load_settings
from service_catalog.publisher.telling import Telling
from tests.emulated import EmulatedAws

BUNDLE = Package("bundles/1.0.0/" + "b" * 64 + ".zip", b"bundle")
SEEDER = Package("seeder/" + "c" * 64 + ".zip", b"seeder")
READS = ("Describe", "Get", "List", "Head", "Search")
TOPIC = """\
Parameters:
  {parameter}: {{Type: String, Default: ""}}
Resources:
  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {name}}}}}
"""
PROJECT = """\
# {remark}
Parameters:
  SageMakerProjectName: {{Type: String}}
  SageMakerProjectId: {{Type: String}}
  MonthlyBudgetUsd: {{Type: Number, Default: 200}}
Resources:
  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: "{bundle}"}}}}
"""


def write_templates(folder: Path, channel: str, remark: str = "first") -> None:
    """Stand-ins with the parameters of the real ones; the channel is the real one."""
    folder.mkdir(exist_ok=True)
    (folder / "channel.yaml").write_text(channel, encoding="utf-8")
    for name, parameter in (("launch-roles", "ExecutionRoleArns"), ("seeder", "PackageKey"), ("spoke", "Stage")):
        (folder / f"{name}.yaml").write_text(TOPIC.format(parameter=parameter, name=name), encoding="utf-8")
    for flavour in FLAVOURS:
        text = PROJECT.format(remark=f"{flavour}, {remark}", bundle=BUNDLE.key)
        (folder / f"project-{flavour}.yaml").write_text(text, encoding="utf-8")


def releases(*versions: str) -> list[Release]:
    return [Release(version, datetime.date(2026, 11, 21)) for version in versions]


@dataclass
class Publisher:
    """Publishes as an account of the emulator.

    `calls` are the names of all operations of the last run; the write number `broken` gets no answer.
    """

    publisher_text: Callable[[Settings, str], str]
    settings: Settings = field(default_factory=lambda: load_settings(EXAMPLE))
    history: list[Release] = field(default_factory=lambda: releases("1.0.0"))
    calls: list[str] = field(default_factory=list)
    said: str = ""
    broken: int = 0

    def __post_init__(self) -> None:
        session = boto3.Session()
        session.events.register("before-call.*.*", self._note)
        self.aws: Aws = connect(session)

    def run(self, *, dry_run: bool = False, yes: bool = False, **settings: Any) -> int:
        self.calls.clear()
        out = io.StringIO()
        published = self.of(self.history, replace(self.settings, **settings), self.publisher_text)
        try:
            return publish(self.aws, published, Telling(Console(file=out, width=200)), dry_run=dry_run, yes=yes)
        finally:
            self.said = out.getvalue()

    @staticmethod
    def of(history: list[Release], settings: Settings, publisher_text: Callable[[Settings, str], str]) -> Published:
        return Published(settings, history, BUNDLE, SEEDER, publisher_text)

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith(READS)]

    def _note(self, model: Any, **more: Any) -> None:  # noqa: ARG002
        self.calls.append(model.name)
        if not model.name.startswith(READS) and len(self.writes) == self.broken:
            raise EndpointConnectionError(endpoint_url="https://broken")


def launch(aws: EmulatedAws, account: str, product: str) -> None:
    """As a user of Studio, by the portfolio's pattern of role names."""
    iam = aws.client("iam", account)
    for name, path, principal in (
        (names.LAUNCH_ROLE, "/", {"Service": "servicecatalog.amazonaws.com"}),
        ("AmazonSageMaker-ExecutionRole-1", "/service-role/", {"AWS": f"arn:aws:iam::{account}:root"}),
    ):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    keys = aws.client("sts", account).assume_role(RoleArn=role, RoleSessionName="studio")["Credentials"]
    catalog = aws.client_with("servicecatalog", keys)
    versions = aws.client("servicecatalog", account).list_provisioning_artifacts(ProductId=product)
    record = catalog.provision_product(
        ProductId=product,
        ProvisioningArtifactId=versions["ProvisioningArtifactDetails"][-1]["Id"],
        ProvisionedProductName="churn",
        ProvisionToken="churn-1",
        ProvisioningParameters=[
            {"Key": "SageMakerProjectName", "Value": "churn"},
            {"Key": "SageMakerProjectId", "Value": "p-abc"},
        ],
    )["RecordDetail"]
    assert record["ProvisioningArtifactId"] == versions["ProvisioningArtifactDetails"][-1]["Id"]
