"""What checks make of a project's creation; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools

import pytest

from service_catalog.answers import answers_from
from service_catalog.verify_aws import project_checks
from service_catalog.verify_aws.checks import NotTriedError, RefutedError
from tests.catalog.verify_scripts import PRODUCT, STACK, project, resources, scripted, stack


def test_a_project_is_created_with_a_form_that_the_seeder_can_answer() -> None:
    states = iter(["CreateInProgress", "CreateCompleted"])
    account, aws = scripted({**PRODUCT, "sagemaker.DescribeProject": lambda _: project(next(states))})
    assert "CreateCompleted" in project_checks.project_from_service_catalog(account)
    asked = aws.asked("sagemaker.CreateProject")[0]["ServiceCatalogProvisioningDetails"]
    assert asked["ProductId"] == "prod-1"
    form = {each["Key"]: each["Value"] for each in asked["ProvisioningParameters"]}
    assert answers_from({**form, "SageMakerProjectName": "verify-1-sc"})["ci"] == "codepipeline"
    assert account.facts["project"] == "verify-1-sc" and account.remaining() == ["project verify-1-sc"]


def test_a_project_that_fails_refutes_the_claim_and_is_deleted() -> None:
    states = itertools.chain(["CreateFailed"] * 3, ["DeleteInProgress"], itertools.repeat("DeleteCompleted"))
    account, aws = scripted(
        {
            **PRODUCT,
            "sagemaker.DescribeProject": lambda _: project(next(states)),
            "sagemaker.DeleteProject": {},
            "cloudformation.ListStackResources": resources(("Key", "AWS::KMS::Key", "0a1b2c3d")),
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
    account, _ = scripted(
        {"cloudformation.DescribeStacks": stack("CREATE_COMPLETE", **({"RoleARN": role} if role else {}))}, stack=STACK
    )
    if holds:
        assert role in project_checks.launch_role_creates(account)
    else:
        with pytest.raises(RefutedError):
            project_checks.launch_role_creates(account)


def test_a_resource_without_tags_refutes_the_claim_by_name() -> None:
    made = [("Bucket", "AWS::S3::Bucket", "b-1"), ("Topic", "AWS::SNS::Topic", "arn:aws:sns:eu-west-1:1:t")]
    account, _ = scripted(
        {
            "cloudformation.ListStackResources": resources(*made),
            "resourcegroupstaggingapi.GetResources": {"ResourceTagMappingList": [{"ResourceARN": "arn:aws:s3:::b-1"}]},
        },
        stack=STACK,
        project="verify-1-sc",
    )
    with pytest.raises(RefutedError, match="1 of 2 without: AWS::SNS::Topic Topic"):
        project_checks.resources_are_tagged(account)


LAUNCH = "arn:aws:iam::111122223333:role/SageMakerMlopsLaunch"


@pytest.mark.parametrize(
    ("made", "holds"),
    [
        (resources(("Alias", "AWS::KMS::Alias", "alias/verify-1-sc-artifacts")), True),
        (resources(("Alias", "AWS::KMS::Alias", "alias/verify-1-sc-artifacts"), status="CREATE_FAILED"), False),
        (resources(("Key", "AWS::KMS::Key", "0a1b2c3d")), False),
    ],
)
def test_an_alias_that_was_not_made_refutes_the_claim(made: dict[str, object], holds: bool) -> None:
    account, _ = scripted(
        {
            "cloudformation.DescribeStacks": stack("CREATE_COMPLETE", RoleARN=LAUNCH),
            "cloudformation.ListStackResources": made,
        },
        stack=STACK,
    )
    if holds:
        assert "alias/verify-1-sc-artifacts" in project_checks.alias_of_a_new_key(account)
    else:
        with pytest.raises(RefutedError):
            project_checks.alias_of_a_new_key(account)


def test_an_alias_made_by_another_role_says_nothing_of_the_launch_role() -> None:
    account, _ = scripted({"cloudformation.DescribeStacks": stack("CREATE_COMPLETE")}, stack=STACK)
    with pytest.raises(NotTriedError, match="not made by the launch role"):
        project_checks.alias_of_a_new_key(account)
