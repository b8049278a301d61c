"""What plan, deploy and destroy need of the infrastructure, be it CloudFormation or Terraform."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal, Protocol

from model_deploy.aws import Aws
from model_deploy.errors import DeployError
from model_deploy.values import Deployment

Action = Literal["create", "update", "replace", "may replace", "remove"]
LastChange = Literal["done", "undone", "under way", "unknown"]


@dataclasses.dataclass(frozen=True)
class Change:
    """What happens to one resource; `because` are the properties that differ."""

    action: Action
    kind: str
    name: str
    because: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class PartPlan:
    """The changes to one part; `handle` is what carries them out, and nothing else."""

    part: str
    changes: tuple[Change, ...]
    handle: Any = None


@dataclasses.dataclass(frozen=True)
class Plan:
    parts: tuple[PartPlan, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for part in self.parts for change in part.changes)


@dataclasses.dataclass(frozen=True)
class Event:
    """One thing that happened to a resource; `seconds` since it began, where that is known."""

    outcome: Literal["begun", "created", "updated", "removed", "failed"]
    kind: str
    name: str
    seconds: float | None = None
    reason: str = ""


class Progress(Protocol):
    """Who is told how a deployment goes."""

    def part(self, part: str) -> None: ...
    def event(self, event: Event) -> None: ...
    def tick(self) -> None: ...


class FailedError(DeployError):
    """What failed first, and why; what followed from it is left out."""


class Infrastructure(Protocol):
    """One stage's resources, however they are written."""

    def outputs(self) -> dict[str, str]:
        """What is deployed: DataBucket, EndpointName, PipelineName and others; empty where nothing is."""

    def deployed_package(self) -> str:
        """ARN of the model package that the stage runs; empty where it runs none."""

    def last_change(self) -> LastChange:
        """How the newest change to the stage ended, whoever made it; `undone` only where the infrastructure tells."""

    def plan(self) -> Plan:
        """What a deployment would change."""

    def discard(self, plan: Plan) -> None:
        """Leave nothing behind of a plan that isn't carried out."""

    def apply(self, plan: Plan, progress: Progress) -> None:
        """Carry out a plan, if nobody has changed the stage since it was made."""

    def stop_autoscaling(self, progress: Progress) -> None:
        """Deregister the endpoint from autoscaling and leave all else as it is deployed."""

    def resources(self) -> list[Change]:
        """What destroying would remove; the data bucket among them."""

    def destroy(self, progress: Progress) -> None:
        """Remove everything but the data bucket."""


def infrastructure_of(deployment: Deployment, aws: Aws, root: Path) -> Infrastructure:
    """The flavour that the project's settings name."""
    if deployment.settings.project.infrastructure == "terraform":
        from model_deploy.terraform.module import TerraformModule

        return TerraformModule(deployment, aws, root)
    from model_deploy.cloudformation.stacks import Stacks

    return Stacks(deployment, aws, root)


def plain_name(name: str) -> str:
    """A resource's name without what all ARNs begin with, and without Application Auto Scaling's own separators."""
    resource = name.split(":", 5)[5] if name.count(":") >= 5 and name.startswith("arn:") else name
    named = resource.partition("/")[2] if name.startswith("arn:") and "/" in resource else resource
    return named.partition("|")[0].rpartition(":policyName/")[2]


def plain_kind(kind: str) -> str:
    """A resource's type in the words that both flavours share: `sagemaker endpoint config`, `s3 bucket`."""
    import re

    if "::" in kind:
        _, service, resource = kind.split("::", 2)
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", resource).lower()
        return f"{service.lower()} {words}"
    return kind.removeprefix("aws_").replace("_", " ").replace("endpoint configuration", "endpoint config")
