"""A stage's life in the emulated AWS, by CloudFormation: the command line alone, and a real model that answers."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from tests.deploy.account import Account, Project, broken_archive

STAGING = ("--stage", "staging")
pytestmark = pytest.mark.slow


def test_a_stage_goes_from_nothing_to_a_model_that_answers_and_back(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="realtime")
    plan = staging.succeed("plan", *STAGING)
    assert "no approved model yet: only the foundation is deployed" in plan and "+ create" in plan
    assert account.left("staging") == [], "plan left something behind"

    assert "The foundation is in staging" in staging.succeed("deploy", *STAGING, "--yes")
    assert staging.succeed("changed", *STAGING) == "false\n"
    first = account.register()
    assert staging.succeed("resolve") == f"{first}\n"
    assert staging.succeed("changed", *STAGING) == "true\n"
    assert "version 1, the first to be deployed" in staging.succeed("plan", *STAGING)
    assert "Version 1 is in staging" in staging.succeed("deploy", *STAGING, "--yes")

    asked = staging.succeed("smoke", *STAGING, "--calls", "10")
    assert "20 of 20 as the packaged model gave them" in asked and "FAILED" not in asked

    account.register("PendingManualApproval")
    assert "Nothing to do." in staging.succeed("deploy", *STAGING, "--yes")
    third = account.register()
    assert "version 1 to 3" in staging.succeed("deploy", *STAGING, "--yes")
    assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "10")
    status = staging.succeed("status", *STAGING)
    assert "version 3" in status and "InService" in status and "dashboards/dashboard/census-income-staging" in status

    assert "version 3 to 1" in staging.succeed("rollback", *STAGING, "--yes")
    assert "version 1" in staging.succeed("status", *STAGING)
    account.reject(third, "worse for new customers")
    refused = staging.fail("deploy", *STAGING, "--yes", "--model-package", third)
    assert "model version 3 is Rejected (worse for new customers)" in refused


def test_nothing_is_left_of_a_destroyed_stage_but_its_data_unless_they_go_too(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="realtime")
    account.register()
    staging.succeed("deploy", *STAGING, "--yes")
    refused = staging.run("destroy", *STAGING)
    assert refused.code == 2 and "--yes agrees beforehand" in refused.error
    told = staging.succeed("destroy", *STAGING, "--yes")
    (bucket,) = account.left("staging")
    assert f"The data are kept in {bucket}" in told
    assert account.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="deployments/")["KeyCount"] == 1

    staging.succeed("deploy", *STAGING, "--yes")
    told = staging.succeed("destroy", *STAGING, "--yes", "--delete-data")
    assert "Nothing of it is left." in told
    assert account.left("staging") == [bucket]


def test_a_model_that_does_not_start_is_told_with_its_last_words_and_the_old_one_stays(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="realtime")
    account.register(archive=broken_archive())
    told = staging.fail("deploy", *STAGING, "--yes")
    assert "census-income-staging-endpoint: sagemaker endpoint" in told
    assert "preprocessing.json" in told
    assert "it is ROLLBACK_COMPLETE" in staging.succeed("plan", *STAGING)

    good = account.register()
    assert "Version 2 is in staging" in staging.succeed("deploy", *STAGING, "--yes")
    account.register(archive=broken_archive())
    told = staging.fail("deploy", *STAGING, "--yes")
    assert "everything is as it was before" in told
    assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "5")
    assert account.aws.stack("census-income-staging-endpoint")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    status = staging.succeed("status", *STAGING)
    assert "version 2" in status and "failed" in status
    assert staging.succeed("resolve", MLOPS_MODEL_PACKAGE_ARN=good) == f"{good}\n"


@pytest.mark.parametrize("inference", ["async", "serverless"])
def test_each_way_of_inference_is_deployed_asked_and_destroyed(
    inference: str, account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference=inference)
    account.register()
    assert "Version 1 is in staging" in staging.succeed("deploy", *STAGING, "--yes")
    if inference != "batch":
        assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "5")
    staging.succeed("status", *STAGING)
    staging.succeed("destroy", *STAGING, "--yes", "--delete-data")
    assert account.left("staging") == []


SLOW = pytest.mark.parametrize("account", [6.0], indirect=True, ids=["slow"])


@SLOW
def test_a_deployment_that_finds_another_at_work_says_so(account: Account, project: Callable[..., Project]) -> None:
    staging = project(inference="realtime")
    staging.succeed("deploy", *STAGING, "--yes")
    account.register()
    with staging.begin("deploy", *STAGING, "--yes") as other:
        account.wait_for_stack("census-income-staging-endpoint", "CREATE_IN_PROGRESS")
        refused = staging.fail("deploy", *STAGING, "--yes")
        said, _ = other.communicate(timeout=300)
    assert "census-income-staging-endpoint is CREATE_IN_PROGRESS: another deployment is at work" in refused
    assert other.returncode == 0 and "Version 1 is in staging" in said


def test_what_nobody_agreed_to_is_not_done(account: Account, project: Callable[..., Project]) -> None:
    staging = project(inference="realtime")
    refused = staging.run("deploy", *STAGING)
    assert refused.code == 2 and "--yes agrees beforehand" in refused.error
    assert account.left("staging") == []


@SLOW
def test_ctrl_c_says_what_goes_on_without_it(account: Account, project: Callable[..., Project]) -> None:
    staging = project(inference="realtime")
    staging.succeed("deploy", *STAGING, "--yes")
    account.register()
    with staging.begin("deploy", *STAGING, "--yes") as deploying:
        account.wait_for_stack("census-income-staging-endpoint", "CREATE_IN_PROGRESS")
        deploying.send_signal(signal.SIGINT)
        _, error = deploying.communicate(timeout=60)
    assert deploying.returncode == 130
    assert "CloudFormation carries on with census-income-staging-endpoint by itself" in error
    assert account.aws.stack("census-income-staging-endpoint")["StackStatus"] == "CREATE_COMPLETE"
