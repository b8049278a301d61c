"""The model registry: one JSON file per version, `<group>/<version>.json`, in the shape of DescribeModelPackage."""

from __future__ import annotations

import getpass
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from model_build.local.files import locked, write_json
from model_build.local.records import now

Approval = Literal["Approved", "Rejected"]

_ARN = "arn:aws:sagemaker:local:000000000000:model-package"
_GROUP = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_STATUSES = ("PendingManualApproval", "Approved", "Rejected")


class RegistryError(ValueError):
    """A group, version or status that doesn't exist, and those that do."""


class Registry:
    """Versions of models in groups below `root`, with the history of their approval."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def register(self, request: Mapping[str, Any], origin: Mapping[str, str]) -> dict[str, Any]:
        """A new version from a CreateModelPackage request; `origin` is kept as metadata. Returns the entry.

        Raises:
            RegistryError: the group's name or the approval status is not one SageMaker would take.
        """
        group = re.sub(r"^arn:.*:model-package-group/", "", str(request.get("ModelPackageGroupName", "")))
        status = request.get("ModelApprovalStatus", "PendingManualApproval")
        if not _GROUP.fullmatch(group):
            raise RegistryError(f"{group!r} is no name of a model package group")
        if status not in _STATUSES:
            raise RegistryError(
                f"ModelApprovalStatus {status!r} is not accepted; expected one of {', '.join(_STATUSES)}"
            )
        with locked(self._lock(group)):
            version = max(self.versions(group), default=0) + 1
            created = now()
            entry = {
                **request,
                "ModelPackageGroupName": group,
                "ModelPackageVersion": version,
                "ModelPackageArn": f"{_ARN}/{group}/{version}",
                "ModelPackageStatus": "Completed",
                "ModelApprovalStatus": status,
                "CreationTime": created,
                "Origin": dict(origin),
                "ApprovalHistory": [{"Status": status, "Time": created, "By": _user(), "Reason": "registered"}],
            }
            write_json(self.path(group, version), entry)
        return entry

    def versions(self, group: str) -> list[int]:
        """Version numbers of a group, ascending."""
        return sorted(int(file.stem) for file in (self.root / group).glob("*.json") if file.stem.isdecimal())

    def entry(self, group: str, version: int) -> dict[str, Any]:
        """One version.

        Raises:
            RegistryError: it doesn't exist.
        """
        try:
            entry: dict[str, Any] = json.loads(self.path(group, version).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            existing = ", ".join(map(str, self.versions(group)))
            raise RegistryError(
                f"{group} has no version {version}; {f'it has {existing}' if existing else 'it is empty'}"
            ) from error
        return entry

    def entries(self, group: str) -> list[dict[str, Any]]:
        """All versions of a group, ascending."""
        return [self.entry(group, version) for version in self.versions(group)]

    def decide(self, group: str, version: int, status: Approval, reason: str) -> dict[str, Any]:
        """Approves or rejects a version and notes who, when and why. Returns the entry.

        Raises:
            RegistryError: the version doesn't exist.
        """
        with locked(self._lock(group)):
            entry = self.entry(group, version)
            entry["ModelApprovalStatus"] = status
            entry["ApprovalDescription"] = reason
            entry["LastModifiedTime"] = now()
            entry["ApprovalHistory"].append(
                {"Status": status, "Time": entry["LastModifiedTime"], "By": _user(), "Reason": reason}
            )
            write_json(self.path(group, version), entry)
        return entry

    def path(self, group: str, version: int) -> Path:
        """File of a version's entry."""
        return self.root / group / f"{version}.json"

    def _lock(self, group: str) -> Path:
        return self.root / group / ".lock"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
