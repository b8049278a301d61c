"""What becomes of a stage when the version in approved.json is rejected: it keeps its model, and takes new settings."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.deploy.account import Account, Project

STAGING = ("--stage", "staging")
pytestmark = pytest.mark.slow


def record(project: Project, arn: str) -> None:
    (project.folder / "approved.json").write_text(json.dumps({"model_package_arn": arn}), encoding="utf-8")


def test_a_rejected_record_keeps_what_runs_and_lets_settings_through(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="serverless", ci="github")
    first, second = account.register(), account.register()
    record(staging, first)
    staging.succeed("deploy", *STAGING, "--yes")
    record(staging, second)
    account.reject(second, "too slow")

    assert staging.succeed("resolve") == "keep\n"
    for variables in ({}, {"MLOPS_MODEL_PACKAGE_ARN": "keep"}):
        assert staging.succeed("changed", *STAGING, **variables) == "false\n"
    assert "version 1 stays: approved.json: model version 2 is Rejected (too slow)" in staging.succeed("plan", *STAGING)

    settings = staging.folder / "deploy.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("memory_mb = 2048", "memory_mb = 3072"), encoding="utf-8")
    told = staging.succeed("deploy", *STAGING, "--yes", MLOPS_MODEL_PACKAGE_ARN="keep")
    assert "Version 1 is in staging" in told

    account.reject(first, "worse than nothing")
    record(staging, first)
    assert staging.succeed("changed", *STAGING) == "false\n", "a rejected model that runs stays until it is replaced"
    settings.write_text(text, encoding="utf-8")
    assert "Version 1 is in staging" in staging.succeed("deploy", *STAGING, "--yes")


def test_a_rejected_record_is_deployed_to_no_stage_that_does_not_have_it(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="serverless", ci="github")
    only = account.register()
    record(staging, only)
    account.reject(only, "too slow")
    plan = staging.succeed("plan", *STAGING)
    assert "none, only the foundation is deployed: approved.json: model version 1 is Rejected" in plan
    assert "The foundation is in staging" in staging.succeed("deploy", *STAGING, "--yes")
    for variables in ({}, {"MLOPS_MODEL_PACKAGE_ARN": "keep"}):
        asked = staging.fail("smoke", *STAGING, **variables)
        assert "staging runs no model that could be asked, and gets none" in asked
    assert account.aws.client("sagemaker").list_endpoints()["Endpoints"] == []
