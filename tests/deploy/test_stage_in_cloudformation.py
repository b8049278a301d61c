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
    assert "none has been approved yet" in staging.succeed("status", *STAGING)
    assert "No model is approved for this stage yet" in staging.succeed("smoke", *STAGING)
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
    assert "version 1 to 3" in staging.succeed("deploy", *STAGING, "--yes", GITHUB_RUN_ID="71")
    assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "10")
    status = staging.succeed("status", *STAGING)
    assert "version 3" in status and "InService" in status and "dashboards/dashboard/census-income-staging" in status

    own = ("--yes", "--only-own")
    refused = staging.fail("rollback", *STAGING, *own, GITHUB_RUN_ID="72")
    assert "this run has changed nothing in staging, so nothing is taken back" in refused
    assert "version 3 to 1" in staging.succeed("rollback", *STAGING, *own, GITHUB_RUN_ID="71")
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
    assert f"The data are kept in {bucket}" in told and "destroy --stage staging --delete-data" in told
    assert account.aws.client("s3").list_objects_v2(Bucket=bucket, Prefix="deployments/")["KeyCount"] == 1

    staging.succeed("deploy", *STAGING, "--yes")
    told = staging.succeed("destroy", *STAGING, "--yes", "--delete-data")
    assert "Nothing of it is left." in told and bucket in told
    assert account.left("staging") == []


def test_kept_data_are_found_and_deleted_when_the_stage_has_gone(
    account: Account, project: Callable[..., Project]
) -> None:
    staging, s3 = project(inference="realtime"), account.aws.client("s3")
    staging.succeed("deploy", *STAGING, "--yes")
    staging.succeed("destroy", *STAGING, "--yes")
    (bucket,) = account.left("staging")
    for body in (b"old", b"new"):
        s3.put_object(Bucket=bucket, Key="captured/rows", Body=body)
    s3.delete_object(Bucket=bucket, Key="captured/rows")
    like_it, twin = bucket[:-12] + "0123456789ab", bucket[:-12] + "ba9876543210"
    for name, tag in ((like_it, "another"), (twin, "census-income-production")):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": account.aws.region})
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "deployment", "Value": tag}]})

    told = staging.succeed("destroy", *STAGING, "--yes")
    assert "is not deployed. Nothing to do." in told and f"The data are kept in {bucket};" in told
    assert staging.run("destroy", *STAGING, "--delete-data").code == 2
    assert "Nothing of it is left." in staging.succeed("destroy", *STAGING, "--yes", "--delete-data")
    assert sorted(account.left("staging")) == sorted([like_it, twin])


def test_a_model_that_does_not_start_is_told_with_its_last_words_and_the_old_one_stays(
    account: Account, project: Callable[..., Project]
) -> None:
    staging = project(inference="realtime")
    account.register(archive=broken_archive())
    told = staging.fail("deploy", *STAGING, "--yes")
    assert "census-income-staging-endpoint: sagemaker endpoint" in told
    assert "preprocessing.json" in told
    assert "it is ROLLBACK_COMPLETE" in staging.succeed("plan", *STAGING)
    status = staging.succeed("status", *STAGING)
    assert "none is deployed; version 1 is approved" in status and "failed" in status
    asked = staging.fail("smoke", *STAGING)
    assert "version 1 is approved and none runs in staging" in asked
    pinned = staging.succeed("smoke", *STAGING, MLOPS_MODEL_PACKAGE_ARN="none")
    assert "No model is approved for this stage yet" in pinned

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


@pytest.mark.parametrize("inference", ["async", "serverless", "batch", "realtime_and_batch"])
def test_each_way_of_inference_is_deployed_asked_and_destroyed(
    inference: str, account: Account, project: Callable[..., Project]
) -> None:
    staging, serves, scores = project(inference=inference), inference != "batch", "batch" in inference
    account.register()
    assert "Version 1 is in staging" in staging.succeed("deploy", *STAGING, "--yes")
    if scores:  # the emulator starts no pipeline, and smoke says so instead of passing
        told = staging.fail("smoke", *STAGING, "--calls", "5")
        assert "StartPipelineExecution" in told and "smoke test failed: batch run\n" in told
        assert ("20 of 20 as the packaged model gave them" in told) == serves
    else:
        assert "FAILED" not in staging.succeed("smoke", *STAGING, "--calls", "5")
    status = staging.succeed("status", *STAGING)
    assert "version 1" in status and ("InService" in status) == serves
    assert ("census-income-staging-batch has not run yet" in status) == scores
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
    assert "under way" in staging.succeed("status", *STAGING)
    assert account.aws.stack("census-income-staging-endpoint")["StackStatus"] == "CREATE_COMPLETE"
    assert "under way" not in staging.succeed("status", *STAGING)

    account.register()
    staging.succeed("deploy", *STAGING, "--yes")
    assert "version 2 to 1" in staging.succeed("rollback", *STAGING, "--yes"), "a model that ran was passed over"


def test_a_stack_that_was_only_planned_is_destroyed_too(account: Account, project: Callable[..., Project]) -> None:
    staging = project(inference="realtime")
    account.aws.client("cloudformation").create_change_set(
        StackName="census-income-staging-endpoint",
        ChangeSetName="killed",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )
    account.wait_for_stack("census-income-staging-endpoint", "REVIEW_IN_PROGRESS")
    told = staging.succeed("destroy", *STAGING, "--yes")
    assert "cloudformation stack census-income-staging-endpoint" in told
    assert account.left("staging") == []


def test_credentials_of_another_account_are_told_as_such(project: Callable[..., Project]) -> None:
    staging = project(inference="realtime")
    for command in ("status", "smoke", "plan", "deploy", "destroy"):
        told = staging.fail(command, *STAGING, AWS_ACCESS_KEY_ID="222233334444")
        assert "these credentials are of account 222233334444, staging is in 111122223333" in told, command
