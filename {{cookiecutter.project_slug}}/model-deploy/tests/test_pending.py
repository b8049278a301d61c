"""Whether CI has something to take to production, told without asking production."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_deploy import pending
from model_deploy.errors import DeployError, UsageError
from model_deploy.pending import Release
from model_deploy.settings import PROJECT_ROOT, load_settings
from tests.stages import PACKAGE_ARN


class Tooling:
    """Parameter Store and registry; a client of the stage's account there is not."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}

    def registry(self, service: str) -> Any:
        return self

    def stage(self, service: str) -> Any:
        raise AssertionError("CI may not reach the stage before its approval")

    def get_parameter(self, Name: str) -> dict[str, Any]:
        if Name not in self.parameters:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": Name}}, "GetParameter")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def put_parameter(self, Name: str, Value: str, **_: Any) -> None:
        self.parameters[Name] = Value

    def describe_model_package(self, **_: str) -> dict[str, Any]:
        return {
            "ModelApprovalStatus": "Approved",
            "InferenceSpecification": {"Containers": [{"Image": "image"}]},
        }


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tooling = Tooling()
    monkeypatch.setattr(pending, "Aws", lambda bindings: tooling)
    shutil.copy(PROJECT_ROOT / "deploy.toml", tmp_path)
    shutil.copytree(PROJECT_ROOT / "infrastructure", tmp_path / "infrastructure")
    approve(tmp_path, 4)
    return tmp_path


def approve(project: Path, version: int) -> None:
    (project / "approved.json").write_text(json.dumps({"model_package_arn": f"{PACKAGE_ARN}/{version}"}))


def release(project: Path, run: int = 0) -> Release:
    return Release("production", project, {"GITHUB_RUN_NUMBER": str(run)} if run else {})


def test_something_is_pending_until_it_has_been_deployed_and_asked(project: Path) -> None:
    assert release(project).answer() == "true"
    release(project).note("begun")
    assert release(project).answer() == "true"
    release(project).note("done")
    assert release(project).answer() == "false"


def test_another_model_other_settings_and_another_template_are_pending(project: Path) -> None:
    release(project).note("done")
    approve(project, 5)
    assert release(project).pending
    approve(project, 4)
    assert not release(project).pending
    settings = project / "deploy.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"monthly_budget_usd = \d", r"\g<0>1", before), encoding="utf-8")
    load_settings.cache_clear()
    assert release(project).pending
    settings.write_text(before, encoding="utf-8")
    load_settings.cache_clear()
    assert not release(project).pending
    suffix = ".tf" if list((project / "infrastructure").glob("*.tf")) else ".yaml"
    (project / "infrastructure" / f"more{suffix}").write_text("", encoding="utf-8")
    assert release(project).pending


def test_a_run_that_a_newer_one_has_overtaken_is_refused(project: Path) -> None:
    release(project, 12).note("done")
    with pytest.raises(DeployError, match="run 12 has deployed since run 11"):
        release(project, 11).note("begun")
    release(project, 12).note("begun")
    release(project, 13).note("begun")


def test_what_can_be_noted_is_said(project: Path) -> None:
    with pytest.raises(UsageError, match="expected begun or done"):
        release(project).note("perhaps")
