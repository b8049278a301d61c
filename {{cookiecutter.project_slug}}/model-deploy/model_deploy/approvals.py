"""Approvals as commits: approved.json names the model that CI deploys, and changes only when a newer one is approved.

Events: SageMaker, "SageMaker Model Package State Change". AWS may deliver one twice, or late.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from model_deploy.aws import code_of
from model_deploy.errors import UsageError
from model_deploy.registry import APPROVED_FILE, PACKAGE_ARN
from model_deploy.settings import Settings
from model_deploy.words import version_of

DETAIL_TYPE = "SageMaker Model Package State Change"
DECISION = "ModelApprovalStatus"
Decision = Literal["unknown", "approved anew", "rollback"]


@dataclasses.dataclass(frozen=True)
class Approval:
    """A model package that was approved; `approved_at` in UTC, ISO 8601."""

    arn: str
    approved_at: str
    event_id: str

    @property
    def version(self) -> int:
        return int(self.arn.rpartition("/")[2])


@dataclasses.dataclass(frozen=True)
class Irrelevant:
    """Why there is nothing to do."""

    reason: str


def of_event(event: Any, settings: Settings, recorded: Mapping[str, Any]) -> Approval | Irrelevant:
    """What an EventBridge event means for this project, given the approval recorded last.

    Events say which fields changed. One that doesn't may be of any edit, so it counts only for a newer version.

    Raises:
        UsageError: it is no event of EventBridge.
    """
    if not isinstance(event, dict) or not isinstance(event.get("detail"), dict):
        raise UsageError("the event is no JSON object with `detail`; expected one as EventBridge delivers it")
    detail: dict[str, Any] = event["detail"]
    if event.get("detail-type") != DETAIL_TYPE:
        return Irrelevant(f"the event is no {DETAIL_TYPE}")
    if detail.get("ModelPackageGroupName") != settings.model_package_group:
        return Irrelevant(f"it is about another group than {settings.model_package_group}")
    if detail.get(DECISION) != "Approved":
        return Irrelevant(f"the version is not approved but {detail.get(DECISION)}")
    changed = detail.get("UpdatedModelPackageFields")
    if isinstance(changed, list) and changed and DECISION not in changed:
        return Irrelevant(f"the approval did not change, only {', '.join(map(str, changed))}")
    arn = detail.get("ModelPackageArn")
    if not isinstance(arn, str) or not _of_group(arn, settings):
        raise UsageError(
            f"the event's ModelPackageArn is {arn!r}; expected a version of {settings.model_package_group}"
        )
    approval = Approval(arn, _time(event.get("time")), str(event.get("id", "")))
    if not changed and recorded and approval.version <= _version(recorded):
        return Irrelevant(f"the event doesn't say what changed, and version {_version(recorded)} is recorded")
    return _newer(approval, recorded)


def of_package(
    client: Any, arn: str, settings: Settings, recorded: Mapping[str, Any], decision: Decision = "unknown"
) -> Approval | Irrelevant:
    """What the registry says about a package now, given the approval recorded last.

    The registry knows when a package was changed last, but not when it was approved: an older version counts only if
    whoever asks knows of a decision. Going back to one is decided now, so that no event of before undoes it.

    Raises:
        UsageError: it is no package of this project, or there is none of that ARN.
    """
    from botocore.exceptions import ClientError

    if not PACKAGE_ARN.fullmatch(arn) or not _of_group(arn, settings):
        raise UsageError(f"--model-package {arn!r} is no version of {settings.model_package_group}")
    try:
        found = client.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if code_of(error) != "ValidationException":
            raise
        raise UsageError(f"--model-package {arn!r} is not in the registry") from error
    if found.get(DECISION) != "Approved":
        return Irrelevant(f"version {arn.rpartition('/')[2]} is not approved but {found.get(DECISION)}")
    changed = datetime.now(UTC) if decision == "rollback" else found.get("LastModifiedTime") or found["CreationTime"]
    approval = Approval(arn, changed.astimezone(UTC).isoformat().replace("+00:00", "Z"), "")
    if decision == "unknown" and recorded and approval.version < _version(recorded):
        return Irrelevant(
            f"version {approval.version} is older than the recorded {_version(recorded)}; "
            "--decided records it all the same, if it has been approved anew"
        )
    return _newer(approval, recorded)


def registry_client(arn: str) -> Any:
    """SageMaker in the package's region, as the caller.

    Raises:
        UsageError: it is the ARN of no package.
    """
    import boto3

    if not PACKAGE_ARN.fullmatch(arn):
        raise UsageError(f"--model-package {arn!r} is not accepted; expected the ARN of a model package")
    return boto3.Session(region_name=arn.split(":")[3]).client("sagemaker")


def record(approval: Approval, root: Path) -> None:
    """Write approved.json, whole or not at all."""
    content = {
        "model_package_arn": approval.arn,
        "model_package_version": approval.version,
        "approved_at": approval.approved_at,
        "event_id": approval.event_id,
    }
    path = root / APPROVED_FILE
    written = path.with_suffix(".json.new")
    written.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    os.replace(written, path)


def read_event(file: Path) -> Any:
    """The event in a file.

    Raises:
        UsageError: it can't be read or is no JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"--event-file {file}: {error}") from error


def subject(approval: Approval, settings: Settings) -> str:
    """Subject of the commit."""
    return f"Deploy {settings.model_package_group} version {approval.version}"


def _newer(approval: Approval, recorded: Mapping[str, Any]) -> Approval | Irrelevant:
    """A decision counts if it was taken after the recorded one; the same version again, only if it was decided anew.

    EventBridge gives whole seconds: of two approvals in one, the later version counts.
    """
    if not recorded:
        return approval
    before, arn = str(recorded.get("approved_at", "")), recorded.get("model_package_arn")
    if approval.event_id and approval.event_id == recorded.get("event_id"):
        return Irrelevant("this event was recorded before")
    if approval.arn == arn and (not before or _parse(approval.approved_at) <= _parse(before)):
        return Irrelevant(f"version {approval.version} is recorded already")
    if before and (_parse(approval.approved_at), approval.version) <= (_parse(before), _version(recorded)):
        return Irrelevant(f"a newer decision is recorded, of {before}")
    return approval


def _version(recorded: Mapping[str, Any]) -> int:
    return int(version_of(str(recorded["model_package_arn"])))


def _of_group(arn: str, settings: Settings) -> bool:
    return bool(PACKAGE_ARN.fullmatch(arn)) and arn.split("/")[-2] == settings.model_package_group


def _time(text: Any) -> str:
    parsed = _parse(text) if isinstance(text, str) else None
    if parsed is None:
        raise UsageError(f"the event's time is {text!r}; expected one such as 2026-11-21T12:00:00Z")
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(text: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"time {text!r} is not accepted; expected one such as 2026-11-21T12:00:00Z") from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
