"""What each check makes of AWS's answers; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from renderer.template import version
from service_catalog.answers import answers_from
from service_catalog.verify_aws import git_checks, life_checks, project_checks, rollout_checks, stack_checks
from service_catalog.verify_aws.account import Account, Options
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, every_check
from service_catalog.verify_aws.report import page
from tests.catalog.scripted_aws import Script, ScriptedAws, error

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/SC-1/0a1b2c3d"
IDENTITY = {"Account": "111122223333", "Arn": "arn:aws:iam::111122223333:role/admin", "UserId": "A"}
PACKAGE = "arn:aws:sagemaker:eu-west-1:111122223333:model-package/verify-1-sc/1"


def _account(script: Script, **facts: str) -> tuple[Account, ScriptedAws]:
    aws = ScriptedAws({"sts.GetCallerIdentity": IDENTITY, **script})
    ticks = itertools.count(0, 5)
    account = Account(
        aws.client, say=lambda _: None, sleep=lambda _: None, clock=lambda: float(next(ticks)), prefix="verify-1"
    )
    account.facts.update(facts)
    return account, aws


def _stack(status: str, **more: Any) -> dict[str, Any]:
    return {"Stacks": [{"StackName": "s", "StackId": STACK, "CreationTime": NOW, "StackStatus": status, **more}]}


def _event(reason: str, resource: str) -> dict[str, Any]:
    return {
        "StackEvents": [
            {
                "StackId": STACK,
                "EventId": "1",
                "StackName": "s",
                "Timestamp": NOW,
                "LogicalResourceId": resource,
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": reason,
            }
        ]
    }


def test_the_page_lists_every_check_and_calls_none_verified_before_a_run() -> None:
    written = (ROOT / "docs" / "verified-on-aws.md").read_text(encoding="utf-8")
    checks = every_check()
    assert len(checks) >= 12
    assert [each.name for each in checks if f"<br>`{each.name}`; {each.source} |" not in written] == []
    if "Run on" not in written:
        assert written == page(checks, version())


def test_what_runs_where_sends_readers_to_the_table_of_claims() -> None:
    text = (ROOT / "docs" / "runs-where.md").read_text(encoding="utf-8")
    assert "verified-on-aws.md" in text


def test_nobody_claims_that_something_was_verified_on_aws() -> None:
    written = (ROOT / "docs" / "verified-on-aws.md").read_text(encoding="utf-8")
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path.name != "verified-on-aws.md"]
    claims = {
        f"{path.name}: {line.strip()}"
        for path in [*pages, ROOT / "README.md"]
        for line in path.read_text(encoding="utf-8").splitlines()
        for found in re.finditer(r"verified on (an? )?(real )?(AWS|account)", line, re.IGNORECASE)
        if not re.search(r"\b(not|nobody|never)\b( \w+)? $", line[: found.start()], re.IGNORECASE)
        and "verified-on-aws.md" not in line
    }
    assert "Run on" in written or claims == set()


def test_each_check_costs_something_or_nothing_and_says_what_it_makes() -> None:
    for each in every_check():
        assert each.usd == 0 or each.creates, each.name
        assert each.claim.endswith(".") and each.source.endswith("."), each.name


NEED_NOTHING = ("codecommit_push_by_sigv4", "custom_resource_gives_up", "seeder_says_what_is_wrong")


@pytest.mark.parametrize(
    "check", [each for each in every_check() if each.name not in NEED_NOTHING], ids=lambda check: check.name
)
def test_a_check_whose_needs_are_not_met_asks_aws_for_nothing_but_reads(check: Any) -> None:
    """With no facts, no options and no product, every check that makes something of a project ends at once."""
    account, aws = _account({"servicecatalog.SearchProducts": {"ProductViewSummaries": []}})
    with pytest.raises(NotTriedError):
        check.run(account)
    assert {name for name, _ in aws.calls} <= {"servicecatalog.SearchProducts"}


def test_a_custom_resource_that_fails_in_time_holds_the_claim_and_its_stack_is_deleted() -> None:
    states = iter(["CREATE_IN_PROGRESS", "CREATE_FAILED", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"])
    account, aws = _account(
        {
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": lambda _: _stack(next(states)),
            "cloudformation.DescribeStackEvents": _event("no answer within 60 seconds", "Silent"),
            "cloudformation.DeleteStack": {},
        }
    )
    assert "no answer within 60 seconds" in stack_checks.custom_resource_gives_up(account)
    template = json.loads(aws.asked("cloudformation.CreateStack")[0]["TemplateBody"])
    assert template["Resources"]["Silent"]["Properties"]["ServiceTimeout"] == 60
    assert account.clean_up() == []
    assert aws.asked("cloudformation.DeleteStack") == [{"StackName": STACK}]


def test_a_custom_resource_that_hangs_refutes_the_claim() -> None:
    states = itertools.chain(["CREATE_IN_PROGRESS"] * 140, itertools.repeat("CREATE_FAILED"))
    account, _ = _account(
        {
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": lambda _: _stack(next(states)),
            "cloudformation.DescribeStackEvents": _event("exceeded timeout", "Silent"),
        }
    )
    with pytest.raises(RefutedError, match="failed only after"):
        stack_checks.custom_resource_gives_up(account)


def test_a_seeder_that_times_out_refutes_the_claim() -> None:
    account, _ = _account(
        {
            "lambda.GetFunctionConfiguration": {"FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f"},
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": _stack("CREATE_FAILED"),
            "cloudformation.DescribeStackEvents": _event("Task timed out after 900 seconds", "Seed"),
        }
    )
    with pytest.raises(RefutedError, match="timed out"):
        stack_checks.seeder_says_what_is_wrong(account)


PRODUCT: Script = {
    "servicecatalog.SearchProducts": {
        "ProductViewSummaries": [{"Name": Options.product, "ProductId": "prod-1"}, {"Name": "x", "ProductId": "prod-2"}]
    },
    "sagemaker.CreateProject": {
        "ProjectArn": "arn:aws:sagemaker:eu-west-1:111122223333:project/verify-1-sc",
        "ProjectId": "p-1",
    },
    "cloudformation.DescribeStacks": _stack(
        "CREATE_COMPLETE", Tags=[{"Key": "sagemaker:project-name", "Value": "verify-1-sc"}]
    ),
    "cloudformation.ListStackResources": {"StackResourceSummaries": []},
}


def _project(status: str) -> dict[str, Any]:
    return {
        "ProjectArn": "arn:aws:sagemaker:eu-west-1:111122223333:project/verify-1-sc",
        "ProjectName": "verify-1-sc",
        "ProjectId": "p-1",
        "ProjectStatus": status,
        "CreationTime": NOW,
    }


def test_a_project_is_created_with_a_form_that_the_seeder_can_answer() -> None:
    states = iter(["CreateInProgress", "CreateCompleted"])
    account, aws = _account({**PRODUCT, "sagemaker.DescribeProject": lambda _: _project(next(states))})
    assert "CreateCompleted" in project_checks.project_from_service_catalog(account)
    asked = aws.asked("sagemaker.CreateProject")[0]["ServiceCatalogProvisioningDetails"]
    assert asked["ProductId"] == "prod-1"
    form = {each["Key"]: each["Value"] for each in asked["ProvisioningParameters"]}
    assert answers_from({**form, "SageMakerProjectName": "verify-1-sc"})["ci"] == "codepipeline"
    assert account.facts["project"] == "verify-1-sc" and account.remaining() == ["project verify-1-sc"]


def test_a_project_that_fails_refutes_the_claim_and_is_deleted() -> None:
    states = itertools.chain(["CreateFailed"] * 3, ["DeleteInProgress"], itertools.repeat("DeleteCompleted"))
    account, aws = _account(
        {
            **PRODUCT,
            "sagemaker.DescribeProject": lambda _: _project(next(states)),
            "sagemaker.DeleteProject": {},
            "cloudformation.ListStackResources": {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": "Key",
                        "PhysicalResourceId": "0a1b2c3d",
                        "ResourceType": "AWS::KMS::Key",
                        "LastUpdatedTimestamp": NOW,
                        "ResourceStatus": "DELETE_SKIPPED",
                    }
                ]
            },
            "kms.DescribeKey": {"KeyMetadata": {"KeyId": "0a1b2c3d", "KeyState": "Enabled"}},
            "kms.ScheduleKeyDeletion": {},
        }
    )
    with pytest.raises(RefutedError, match="CreateFailed"):
        project_checks.project_from_service_catalog(account)
    assert account.clean_up() == []
    assert aws.asked("sagemaker.DeleteProject") == [{"ProjectName": "verify-1-sc"}]
    assert aws.asked("kms.ScheduleKeyDeletion") == [{"KeyId": "0a1b2c3d", "PendingWindowInDays": 7}]


@pytest.mark.parametrize(
    ("role", "holds"),
    [
        ("arn:aws:iam::111122223333:role/SageMakerMlopsLaunch", True),
        ("arn:aws:iam::111122223333:role/service-role/AmazonSageMakerServiceCatalogProductsLaunchRole", False),
        ("", False),
    ],
)
def test_a_stack_of_another_role_refutes_the_claim(role: str, holds: bool) -> None:
    account, _ = _account(
        {"cloudformation.DescribeStacks": _stack("CREATE_COMPLETE", **({"RoleARN": role} if role else {}))}, stack=STACK
    )
    if holds:
        assert role in project_checks.launch_role_creates(account)
    else:
        with pytest.raises(RefutedError):
            project_checks.launch_role_creates(account)


def test_a_resource_without_tags_refutes_the_claim_by_name() -> None:
    resources = [("Bucket", "AWS::S3::Bucket", "b-1"), ("Topic", "AWS::SNS::Topic", "arn:aws:sns:eu-west-1:1:t")]
    account, _ = _account(
        {
            "cloudformation.ListStackResources": {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": name,
                        "PhysicalResourceId": identifier,
                        "ResourceType": kind,
                        "LastUpdatedTimestamp": NOW,
                        "ResourceStatus": "CREATE_COMPLETE",
                    }
                    for name, kind, identifier in resources
                ]
            },
            "resourcegroupstaggingapi.GetResources": {"ResourceTagMappingList": [{"ResourceARN": "arn:aws:s3:::b-1"}]},
        },
        stack=STACK,
        project="verify-1-sc",
    )
    with pytest.raises(RefutedError, match="1 of 2 without: AWS::SNS::Topic Topic"):
        project_checks.resources_are_tagged(account)


ISOLATED = {
    "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
    "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": "key"}},
}


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({}, []),
        ({"NetworkConfig": {"EnableInterContainerTrafficEncryption": True}}, ["network isolation"]),
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, ["encryption between its machines"]),
        ({"ProcessingResources": {"ClusterConfig": {}}}, ["a key for its volume"]),
    ],
)
def test_a_job_is_told_what_it_lacks(change: dict[str, Any], lack: list[str]) -> None:
    assert list(life_checks.lacks({**ISOLATED, **change}, "")) == lack


def test_a_training_job_keeps_these_elsewhere_and_the_subnets_of_the_form_count() -> None:
    job = {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "ResourceConfig": {"VolumeKmsKeyId": "key"},
        "VpcConfig": {"Subnets": ["subnet-b", "subnet-a"]},
    }
    assert list(life_checks.lacks(job, "subnet-a,subnet-b")) == []
    assert list(life_checks.lacks(job, "subnet-c")) == ["the subnets of the form"]


@pytest.mark.parametrize(
    ("fields", "holds"), [(None, True), (["ModelApprovalStatus"], True), (["CustomerMetadataProperties"], False)]
)
def test_the_event_of_a_registration_is_told_word_for_word(fields: list[str] | None, holds: bool) -> None:
    detail: dict[str, Any] = {"ModelPackageGroupName": "verify-1-sc", "ModelApprovalStatus": "PendingManualApproval"}
    if fields is not None:
        detail["UpdatedModelPackageFields"] = fields
    messages = {"Messages": [{"MessageId": "1", "Body": json.dumps({"detail": detail})}]}
    account, _ = _account({"sqs.ReceiveMessage": messages}, model_package=PACKAGE, queue="https://q")
    if holds:
        assert json.loads(life_checks.first_registration_is_an_event(account))[0]["UpdatedModelPackageFields"] == fields
    else:
        with pytest.raises(RefutedError):
            life_checks.first_registration_is_an_event(account)


def _endpoint(config: str, status: str, stage: str = "") -> dict[str, Any]:
    pending = {
        "EndpointConfigName": "x",
        "ProductionVariants": [{"VariantName": "primary", "VariantStatus": [{"Status": stage}]}],
    }
    return {
        "EndpointName": "verify-1",
        "EndpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/verify-1",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        **({"PendingDeploymentSummary": pending} if stage else {}),
    }


@pytest.mark.parametrize(("after", "holds"), [("verify-1-b", True), ("verify-1-a", False)])
def test_an_alarm_is_set_off_while_the_canary_bakes_and_the_old_configuration_has_to_come_back(
    after: str, holds: bool
) -> None:
    baking = _endpoint("verify-1-b", "Updating", "Baking")
    answers = itertools.chain(
        [_endpoint("verify-1-b", "InService"), baking, baking, _endpoint("verify-1-b", "RollingBack")],
        itertools.repeat(_endpoint(after, "InService")),
    )
    account, aws = _account(
        {
            "sagemaker.DescribeEndpoint": lambda _: next(answers),
            "sagemaker.UpdateEndpoint": {"EndpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/verify-1"},
            "cloudwatch.SetAlarmState": {},
        },
        endpoint="verify-1",
    )
    if holds:
        assert "Baking" in rollout_checks.alarm_takes_a_canary_back(account)
    else:
        with pytest.raises(RefutedError):
            rollout_checks.alarm_takes_a_canary_back(account)
    assert aws.asked("cloudwatch.SetAlarmState")[0]["StateValue"] == "ALARM"
    policy = aws.asked("sagemaker.UpdateEndpoint")[0]["DeploymentConfig"]
    assert policy["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["CanarySize"]["Type"] == "CAPACITY_PERCENT"


def test_a_push_that_arrives_elsewhere_refutes_the_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_checks, "push", lambda *_: "a" * 40)
    account, aws = _account(
        {
            "codecommit.CreateRepository": {"repositoryMetadata": {}},
            "codecommit.GetBranch": {"branch": {"branchName": "main", "commitId": "b" * 40}},
            "codecommit.DeleteRepository": {},
        }
    )
    with pytest.raises(RefutedError, match="but main is at"):
        git_checks.codecommit_push_by_sigv4(account)
    assert account.clean_up() == []
    assert aws.asked("codecommit.DeleteRepository") == [{"repositoryName": "verify-1-push"}]


def test_what_was_never_made_needs_no_removing() -> None:
    account, _ = _account(
        {
            "codecommit.CreateRepository": error("CreateRepository", "AccessDeniedException"),
            "codecommit.DeleteRepository": error("DeleteRepository", "RepositoryDoesNotExistException"),
        }
    )
    with pytest.raises(Exception, match="AccessDenied"):
        git_checks.codecommit_push_by_sigv4(account)
    assert account.clean_up() == []
