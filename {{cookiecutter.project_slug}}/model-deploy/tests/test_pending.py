"""Whether CI has something to take to production, told without asking production."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from model_deploy import pending
from model_deploy.errors import DeployError, UsageError
from model_deploy.pending import Release
from model_deploy.settings import PROJECT_ROOT, ContinuousIntegration, StageName, load_settings
from model_deploy.stage import StageContext
from tests.stages import ACCOUNT, PACKAGE_ARN, deployment_of


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
    return Release("production", project, {"GITHUB_RUN_ID": str(run)} if run else {})


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
    told = "run 12 has deployed since run 11.*delete the SSM parameter .*/released/production"
    with pytest.raises(DeployError, match=told):
        release(project, 11).note("begun")
    release(project, 12).note("begun")
    release(project, 13).note("begun")


def test_what_can_be_noted_is_said(project: Path) -> None:
    with pytest.raises(UsageError, match="expected begun or done"):
        release(project).note("perhaps")


NOTE = "/census-income/released/production"
DONE = json.dumps({"fingerprint": "0123456789abcdef", "run": 12})


@dataclasses.dataclass
class Account:
    """Parameter Store of the account whose credentials somebody has; `refuses` what it doesn't let them do."""

    parameters: dict[str, str]
    number: str = ACCOUNT
    refuses: str = ""

    def registry(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.number}

    def get_parameter(self, Name: str) -> dict[str, Any]:
        self._check("GetParameter")
        if Name not in self.parameters:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": Name}}, "GetParameter")
        return {"Parameter": {"Value": self.parameters[Name]}}

    def put_parameter(self, Name: str, Value: str, **_: Any) -> None:
        self._check("PutParameter")
        self.parameters[Name] = Value

    def _check(self, operation: str) -> None:
        if operation == self.refuses:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, operation)


def reopened(account: Account, ci: ContinuousIntegration = "github", stage: StageName = "production") -> str:
    """What is said when somebody changes a stage by hand."""
    deployment, said = deployment_of(stage=stage), io.StringIO()
    project = dataclasses.replace(deployment.settings.project, ci=ci)
    settings = dataclasses.replace(deployment.settings, project=project)
    context = StageContext(
        dataclasses.replace(deployment, settings=settings), cast(Any, account), cast(Any, None), Path("/nowhere")
    )
    pending.reopen(context, Console(file=said, width=200))
    return said.getvalue()


@pytest.mark.parametrize("ci", ["github", "codepipeline"])
def test_after_a_change_by_hand_ci_looks_at_production_again(ci: ContinuousIntegration) -> None:
    account = Account({NOTE: DONE})
    assert reopened(account, ci) == ""
    assert json.loads(account.parameters[NOTE]) == {"fingerprint": pending.UNDER_WAY, "run": 12}
    account.refuses = "PutParameter"
    assert reopened(account, ci) == "", "it is under way already"


def test_where_ci_has_noted_nothing_there_is_nothing_to_take_back() -> None:
    account = Account({})
    assert reopened(account) == "" and account.parameters == {}
    refusing = Account({NOTE: DONE}, refuses="GetParameter")
    assert reopened(refusing, "gitlab") == reopened(refusing, stage="staging") == ""


@pytest.mark.parametrize(
    "account",
    [
        Account({NOTE: DONE}, refuses="GetParameter"),
        Account({NOTE: DONE}, refuses="PutParameter"),
        Account({}, number="444455556666"),
    ],
    ids=["may not read", "may not write", "another account"],
)
def test_who_cannot_take_the_note_back_is_told_the_command_that_does(account: Account) -> None:
    said = reopened(account)
    assert f"in account {ACCOUNT}, run:\n  aws ssm delete-parameter --name {NOTE} --region eu-west-1\n" in said
