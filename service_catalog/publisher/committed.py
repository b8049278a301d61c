"""The committed templates, as the publisher deploys them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service_catalog.publisher.errors import PublishError

FOLDER = Path(__file__).resolve().parent.parent / "templates"


@dataclass(frozen=True)
class Committed:
    """`content` is the file's bytes; `key` is its key in the channel's bucket where a stack set reads it."""

    name: str
    content: bytes
    sha256: str

    @property
    def key(self) -> str:
        return f"stacks/{self.name}/{self.sha256}.yaml"

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.content)
        return found


def committed(name: str) -> Committed:
    """The template of a name.

    Raises:
        PublishError: the file is absent.
    """
    path = FOLDER / f"{name}.yaml"
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise PublishError(f"{path.name} is not in service_catalog/templates; run `make synth`") from error
    return Committed(name, content, hashlib.sha256(content).hexdigest())


def parameters_of(
    name: str,
    bucket: str,
    package_key: str,
    organisation: str,
    execution_roles: Sequence[str] = (),
    reserved_concurrency: int = 0,
) -> dict[str, str]:
    """What the publisher gives for the parameters that a committed template declares.

    Raises:
        PublishError: a parameter without default is none that the publisher knows.
    """
    known = {
        "BundleBucket": bucket,
        "ChannelBucket": bucket,
        "PackageKey": package_key,
        "OrganizationId": organisation,
        "ExecutionRoleArns": ",".join(execution_roles),
        "ReservedConcurrency": str(reserved_concurrency),
    }
    declared = committed(name).body.get("Parameters", {})
    if strange := [each for each, how in declared.items() if each not in known and "Default" not in how]:
        raise PublishError(f"{name}.yaml: parameter {strange[0]} has no default, and nothing is known for it")
    return {each: known[each] for each in declared if each in known}
