"""Which model package a stage gets: never one that isn't approved."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_deploy.aws import code_of, message_of
from model_deploy.bindings import Bindings
from model_deploy.errors import NotApprovedError, UsageError
from model_deploy.settings import Settings
from model_deploy.words import version_of

APPROVED_FILE = "approved.json"
PINNED, NONE_APPROVED, KEEP_DEPLOYED = "MLOPS_MODEL_PACKAGE_ARN", "none", "keep"
PACKAGE_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package/[a-zA-Z0-9-]{1,63}/\d{1,9}")


@dataclasses.dataclass(frozen=True)
class Package:
    """An approved version of the registry."""

    arn: str
    version: int
    image_uri: str
    model_data_uri: str
    properties: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def smoke_uri(self) -> str:
        """S3 URI of rows and the answers expected for them; empty if the version has none."""
        return self.properties.get("smoke-uri", "")


@dataclasses.dataclass(frozen=True)
class Kept:
    """Each stage keeps the model it runs, and one that runs none gets none; `reason` is why."""

    reason: str


def resolve_package(
    client: Any,
    settings: Settings,
    bindings: Bindings,
    root: Path,
    asked: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Package | Kept | None:
    """The package to deploy: that asked for, of MLOPS_MODEL_PACKAGE_ARN, of approved.json, or the newest approved one.

    None where nothing has been approved yet, or MLOPS_MODEL_PACKAGE_ARN is `none`: nothing had been when CI looked.
    Kept where the version of approved.json is not approved any more, or MLOPS_MODEL_PACKAGE_ARN is `keep` for it.

    Raises:
        NotApprovedError: the package named is not approved.
        UsageError: it is no package of this project's group.
    """
    for source, arn in (
        ("--model-package", asked),
        (PINNED, environ.get(PINNED, "")),
        (APPROVED_FILE, recorded_approval(root).get("model_package_arn", "")),
    ):
        if arn == NONE_APPROVED:
            return None
        if arn == KEEP_DEPLOYED:
            return Kept(f"{source} is {arn}: the recorded model is not approved")
        if arn:
            try:
                return approved_package(client, arn, settings, bindings, source)
            except NotApprovedError as refusal:
                if source != APPROVED_FILE:
                    raise
                return Kept(str(refusal))
    newest = newest_approved(client, settings, bindings)
    return approved_package(client, newest, settings, bindings, "the registry") if newest else None


def newest_approved(client: Any, settings: Settings, bindings: Bindings) -> str:
    """ARN of the newest approved version of the project's group; empty if there is none, or no group yet."""
    from botocore.exceptions import ClientError

    try:
        pages = client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group_arn(settings, bindings),
            ModelApprovalStatus="Approved",
            ModelPackageType="Versioned",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        found = [summary for page in pages for summary in page["ModelPackageSummaryList"]]
    except ClientError as error:
        if is_missing(error):
            return ""
        raise
    approved = [summary for summary in found if summary.get("ModelApprovalStatus", "Approved") == "Approved"]
    return str(max(approved, key=lambda summary: summary["ModelPackageVersion"])["ModelPackageArn"]) if approved else ""


def approved_package(client: Any, arn: str, settings: Settings, bindings: Bindings, source: str) -> Package:
    """The package of that ARN, which is of this project's group, and approved.

    Raises:
        NotApprovedError: it is not, or it is gone.
        UsageError: it is no package of this project's group.
    """
    found = _described(client, arn, settings, bindings, source)
    status = found.get("ModelApprovalStatus", "without a decision")
    if status != "Approved":
        reason = found.get("ApprovalDescription")
        said = f" ({' '.join(reason.split())})" if reason else ""
        raise NotApprovedError(
            f"{source}: model version {version_of(arn)} is {status}{said}; only approved versions are deployed"
        )
    return _package(arn, found)


def registered_package(client: Any, arn: str, settings: Settings, bindings: Bindings, source: str) -> Package:
    """The package of that ARN as a stage runs it already, whatever has been decided about it since.

    Raises:
        NotApprovedError: it is gone.
        UsageError: it is no package of this project's group.
    """
    return _package(arn, _described(client, arn, settings, bindings, source))


def _described(client: Any, arn: str, settings: Settings, bindings: Bindings, source: str) -> dict[str, Any]:
    from botocore.exceptions import ClientError

    expected = package_arn(settings, bindings, 0).removesuffix("0")
    if not PACKAGE_ARN.fullmatch(arn) or not arn.startswith(expected):
        raise UsageError(f"{source}: {arn!r} is no model package of this project; expected {expected}<version>")
    try:
        return dict(client.describe_model_package(ModelPackageName=arn))
    except ClientError as error:
        if is_missing(error):
            raise NotApprovedError(f"{source}: model package {arn} is not in the registry") from error
        raise


def _package(arn: str, found: dict[str, Any]) -> Package:
    container = found["InferenceSpecification"]["Containers"][0]
    return Package(
        arn=arn,
        version=int(version_of(arn)),
        image_uri=container["Image"],
        model_data_uri=container.get("ModelDataUrl", ""),
        properties=dict(found.get("CustomerMetadataProperties", {})),
    )


def resolve_challenger(client: Any, settings: Settings, bindings: Bindings, stage: Any) -> Package | None:
    """The second model that the stage's settings ask for, by its version.

    Raises:
        NotApprovedError: it is not approved.
    """
    if not stage.challenger or not stage.challenger.version:
        return None
    arn = package_arn(settings, bindings, stage.challenger.version)
    return approved_package(client, arn, settings, bindings, "deploy.toml, challenger.version")


def recorded_approval(root: Path) -> dict[str, Any]:
    """What the newest approval commit says; empty without one.

    Raises:
        UsageError: the file can't be read.
    """
    path = root / APPROVED_FILE
    if not path.is_file():
        return {}
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{APPROVED_FILE}: {error}; expected JSON as `record-approval` writes it") from error
    if not isinstance(recorded, dict) or not isinstance(recorded.get("model_package_arn"), str):
        raise UsageError(f"{APPROVED_FILE}: expected JSON with model_package_arn, as `record-approval` writes it")
    return recorded


def package_arn(settings: Settings, bindings: Bindings, version: int) -> str:
    """ARN of a version of the project's group."""
    return f"{_registry(bindings)}:model-package/{settings.model_package_group}/{version}"


def group_arn(settings: Settings, bindings: Bindings) -> str:
    """The project's group, by its name or, in another account, by its ARN."""
    if bindings.registry_account_id == bindings.account_id:
        return settings.model_package_group
    return f"{_registry(bindings)}:model-package-group/{settings.model_package_group}"


def _registry(bindings: Bindings) -> str:
    return f"arn:{bindings.partition}:sagemaker:{bindings.region}:{bindings.registry_account_id}"


def is_missing(error: Any) -> bool:
    """SageMaker says ValidationException, with words, for groups and versions that aren't there."""
    words = re.search(r"does not exist|not find|not found|no such", message_of(error), re.IGNORECASE)
    return code_of(error).startswith("ResourceNotFound") or (code_of(error) == "ValidationException" and bool(words))
