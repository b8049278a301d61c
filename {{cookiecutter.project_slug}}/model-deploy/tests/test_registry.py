"""Which package is deployed, and what becomes of a recorded one that has been rejected since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_deploy.errors import NotApprovedError
from model_deploy.registry import Kept, Package, registered_package, resolve_package
from tests.stages import PACKAGE_ARN, bindings_of, settings_of

SETTINGS = settings_of("realtime", ci="github")
BINDINGS = bindings_of(SETTINGS)


class Registry:
    """Holds one decision for all versions."""

    def __init__(self, status: str) -> None:
        self.status = status

    def describe_model_package(self, **_: str) -> dict[str, Any]:
        return {
            "ModelApprovalStatus": self.status,
            "ApprovalDescription": "too slow",
            "InferenceSpecification": {"Containers": [{"Image": "image"}]},
        }


def recorded(folder: Path, version: int) -> Path:
    (folder / "approved.json").write_text(json.dumps({"model_package_arn": f"{PACKAGE_ARN}/{version}"}))
    return folder


@pytest.mark.parametrize("status", ["Rejected", "PendingManualApproval"])
def test_a_recorded_version_that_is_approved_no_more_means_to_keep_what_runs(status: str, tmp_path: Path) -> None:
    found = resolve_package(Registry(status), SETTINGS, BINDINGS, recorded(tmp_path, 4), environ={})
    assert isinstance(found, Kept)
    assert found.reason.startswith(f"approved.json: model version 4 is {status} (too slow)")


def test_what_ci_has_resolved_to_keep_is_kept_in_each_stage(tmp_path: Path) -> None:
    environ = {"MLOPS_MODEL_PACKAGE_ARN": "keep"}
    assert isinstance(resolve_package(Registry("Approved"), SETTINGS, BINDINGS, tmp_path, environ=environ), Kept)


def test_a_rejected_version_that_is_asked_for_is_refused(tmp_path: Path) -> None:
    environ = {"MLOPS_MODEL_PACKAGE_ARN": f"{PACKAGE_ARN}/4"}
    for asked, given in ((f"{PACKAGE_ARN}/4", {}), ("", environ)):
        with pytest.raises(NotApprovedError, match="model version 4 is Rejected"):
            resolve_package(Registry("Rejected"), SETTINGS, BINDINGS, recorded(tmp_path, 4), asked, given)


def test_a_running_version_is_described_whatever_has_been_decided_since() -> None:
    found = registered_package(Registry("Rejected"), f"{PACKAGE_ARN}/4", SETTINGS, BINDINGS, "the deployed model")
    assert found == Package(f"{PACKAGE_ARN}/4", 4, "image", "")
