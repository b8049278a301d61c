"""The same life by Terraform, with the real AWS provider against the emulated AWS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.deploy.account import GROUP, STATE_BUCKET, Account, Project, broken_archive
from tests.terraform_cli import cli_configuration, require_terraform

STAGING = ("--stage", "staging")
pytestmark = pytest.mark.slow


def test_a_stage_goes_from_nothing_to_a_model_that_answers_and_back_to_nothing(
    account: Account, project: Callable[..., Project]
) -> None:
    require_terraform()
    given = {"TF_CLI_CONFIG_FILE": str(cli_configuration())}
    staging = project(inference="realtime", infrastructure="terraform")
    plan = staging.succeed("plan", *STAGING, **given)
    assert "no approved model yet: only the foundation is deployed" in plan and "+ create" in plan
    assert account.left("staging") == []

    assert "The foundation is in staging" in staging.succeed("deploy", *STAGING, "--yes", **given)
    assert staging.succeed("changed", *STAGING, **given) == "false\n"
    account.register()
    assert "Version 1 is in staging" in staging.succeed("deploy", *STAGING, "--yes", **given)
    assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "5", **given)
    assert "Nothing to do." in staging.succeed("deploy", *STAGING, "--yes", **given)

    second = account.register()
    assert "version 1 to 2" in staging.succeed("deploy", *STAGING, "--yes", **given)
    assert "version 2 to 1" in staging.succeed("rollback", *STAGING, "--yes", **given)
    account.reject(second, "worse")
    account.register(archive=broken_archive())
    told = staging.fail("deploy", *STAGING, "--yes", **given)
    assert "preprocessing.json" in told and "run `deploy` again once that is put right" in told
    assert "version 1" in staging.succeed("status", *STAGING, **given)
    assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "5", **given)

    told = staging.succeed("destroy", *STAGING, "--yes", **given)
    (bucket,) = account.left("staging")
    assert f"The data are kept in {bucket}" in told
    assert account.aws.client("s3").list_objects_v2(Bucket=STATE_BUCKET, Prefix=f"{GROUP}/")["KeyCount"] == 0
