"""What was made is taken back step by step; only the codes by which a call says so count as nothing there."""

from __future__ import annotations

import pytest

from service_catalog.verify_aws.project_checks import remove_project
from service_catalog.verify_aws.removing import RemovalError, each_of, is_missing
from service_catalog.verify_aws.retained import remove_retained
from tests.catalog.scripted_aws import error
from tests.catalog.verify_scripts import NOW, project, resources, scripted, stack


@pytest.mark.parametrize(
    ("call", "code", "message", "missing"),
    [
        ("DescribeStacks", "ValidationError", "Stack with id s does not exist", True),
        ("DescribeStacks", "ValidationError", "Role does not exist or cannot be assumed by this user.", False),
        ("DeleteStack", "ValidationError", "Role arn:aws:iam::1:role/x does not exist", False),
        ("DescribeProject", "ValidationException", "Project p does not exist.", True),
        ("DeleteProject", "ValidationException", "Product of project p not found", False),
        ("DeleteBucket", "AccessDenied", "bucket not found or no permission", False),
        ("DeleteEndpoint", "ValidationException", "Could not find endpoint e", False),
        ("DescribeEndpoint", "ValidationException", "Could not find endpoint e", True),
        ("ScheduleKeyDeletion", "NotFoundException", "Key k not found", False),
        ("DescribeKey", "NotFoundException", "Key k does not exist", True),
        ("HeadBucket", "403", "Forbidden", False),
        ("HeadBucket", "404", "Not Found", True),
    ],
)
def test_a_call_says_by_its_own_code_that_nothing_is_there(call: str, code: str, message: str, missing: bool) -> None:
    assert is_missing(error(call, code, message)) is missing


def test_an_error_of_our_own_never_says_that_nothing_is_there() -> None:
    assert not is_missing(RuntimeError("the stack was not found to be deleted"))


def test_every_step_is_tried_and_every_failure_told() -> None:
    done: list[str] = []

    def fails(why: str) -> object:
        raise RuntimeError(why)

    with pytest.raises(RemovalError, match=r"^first; third$"):
        each_of(lambda: fails("first"), lambda: done.append("second"), lambda: fails("third"))
    assert done == ["second"]


def test_a_bucket_that_may_not_be_seen_is_left_and_told() -> None:
    account, _ = scripted({"s3.HeadBucket": error("HeadBucket", "403", "Forbidden")})
    with pytest.raises(RemovalError, match="Forbidden"):
        remove_retained(account, [("AWS::S3::Bucket", "b")])


def test_a_model_that_stays_does_not_keep_the_rest_of_what_is_retained() -> None:
    versions = [{"ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:1:model-package/g/{n}"} for n in (1, 2)]
    account, aws = scripted(
        {
            "sagemaker.ListModelPackages": {
                "ModelPackageSummaryList": [
                    {**each, "CreationTime": NOW, "ModelPackageStatus": "Completed"} for each in versions
                ]
            },
            "sagemaker.DeleteModelPackage": lambda asked: (
                error("DeleteModelPackage", "ThrottlingException") if asked["ModelPackageName"].endswith("/1") else {}
            ),
            "sagemaker.DeleteModelPackageGroup": error("DeleteModelPackageGroup", "ConflictException"),
            "ecr.DeleteRepository": error("DeleteRepository", "RepositoryNotFoundException"),
            "kms.DescribeKey": {"KeyMetadata": {"KeyId": "kept", "KeyState": "Enabled"}},
            "kms.ScheduleKeyDeletion": {},
        }
    )
    kinds = ("AWS::SageMaker::ModelPackageGroup", "AWS::ECR::Repository", "AWS::KMS::Key")
    with pytest.raises(RemovalError, match=r"^An error[^;]*ThrottlingException.*ConflictException$"):
        remove_retained(account, [(kind, "kept") for kind in kinds])
    assert len(aws.asked("sagemaker.DeleteModelPackage")) == 2
    assert aws.asked("kms.ScheduleKeyDeletion") == [{"KeyId": "kept", "PendingWindowInDays": 7}]


def test_what_a_project_retains_is_found_also_when_nobody_saw_it_come_up() -> None:
    tags = [{"Key": "sagemaker:project-name", "Value": "verify-1-sc"}]
    states = iter(["CreateInProgress", "DeleteCompleted", "DeleteCompleted"])
    account, aws = scripted(
        {
            "cloudformation.DescribeStacks": stack("CREATE_IN_PROGRESS", Tags=tags),
            "cloudformation.ListStackResources": resources(("Key", "AWS::KMS::Key", "k")),
            "sagemaker.DescribeProject": lambda _: project(next(states)),
            "sagemaker.DeleteProject": {},
            "kms.DescribeKey": {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}},
            "kms.ScheduleKeyDeletion": {},
        }
    )
    remove_project(account, "verify-1-sc")
    assert aws.asked("kms.ScheduleKeyDeletion") == [{"KeyId": "k", "PendingWindowInDays": 7}]


def test_a_deployed_stack_that_stays_does_not_keep_the_project() -> None:
    """Nor does one whose resources may not be listed."""
    deployed = stack("CREATE_COMPLETE", StackName="verify-1-sc-staging")
    states = iter(["CreateCompleted", "DeleteCompleted", "DeleteCompleted"])
    account, aws = scripted(
        {
            "cloudformation.DescribeStacks": deployed,
            "cloudformation.ListStackResources": error("ListStackResources", "AccessDenied"),
            "cloudformation.UpdateTerminationProtection": error("UpdateTerminationProtection", "AccessDenied"),
            "cloudformation.DeleteStack": error("DeleteStack", "AccessDenied"),
            "sagemaker.DescribeProject": lambda _: project(next(states)),
            "sagemaker.DeleteProject": {},
            "kms.DescribeKey": {"KeyMetadata": {"KeyId": "k", "KeyState": "PendingDeletion"}},
        }
    )
    account.leftovers["verify-1-sc"] = [("AWS::KMS::Key", "k")]
    with pytest.raises(RemovalError, match=r"ListStackResources.*UpdateTerminationProtection.*DeleteStack"):
        remove_project(account, "verify-1-sc")
    assert aws.asked("sagemaker.DeleteProject") == [{"ProjectName": "verify-1-sc"}]
    assert aws.asked("kms.DescribeKey") == [{"KeyId": "k"}]
