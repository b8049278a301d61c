"""What checks make of a project from S3, and of the role that made it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from service_catalog.verify_aws import s3_checks
from service_catalog.verify_aws.account import Options
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, every_check
from service_catalog.verify_aws.course import HOLDS, NOT_TRIED, run
from tests.catalog.verify_scripts import NOW, STACK, project, scripted, stack

ROLE = "arn:aws:iam::111122223333:role/SageMakerMlopsProjectsLaunch"
USER = "arn:aws:iam::111122223333:role/service-role/AmazonSageMaker-ExecutionRole-1"
URL = "https://b.s3.eu-west-1.amazonaws.com/studio/project-codepipeline.yaml"
OPTIONS = Options(template_url=URL, template_role_arn=ROLE, execution_role_arn=USER)


def _created() -> dict[str, Any]:
    tags = [{"Key": "sagemaker:project-name", "Value": "verify-1-s3"}]
    return {
        "sagemaker.CreateProject": {"ProjectArn": "arn:aws:sagemaker:eu-west-1:1:project/p", "ProjectId": "p-1"},
        "sagemaker.DescribeProject": project("CreateCompleted"),
        "cloudformation.DescribeStacks": stack("CREATE_COMPLETE", RoleARN=ROLE, Tags=tags),
        "cloudformation.ListStackResources": {"StackResourceSummaries": []},
    }


def test_a_project_from_s3_is_asked_for_with_the_channels_role_and_stays_for_the_next_checks() -> None:
    account, aws = scripted(_created(), OPTIONS)
    assert "CreateCompleted" in s3_checks.project_from_s3_template(account)
    asked = aws.asked("sagemaker.CreateProject")[0]["TemplateProviders"][0]["CfnTemplateProvider"]
    assert (asked["TemplateURL"], asked["RoleARN"]) == (URL, ROLE)
    assert account.facts["s3_stack"] == STACK and account.remaining() == ["project verify-1-s3"]


@pytest.mark.parametrize(
    ("status", "role", "holds"),
    [
        ("CREATE_COMPLETE", ROLE, True),
        ("CREATE_COMPLETE", "arn:aws:iam::111122223333:role/admin", False),
        ("CREATE_COMPLETE", "", False),
        ("ROLLBACK_COMPLETE", ROLE, False),
    ],
)
def test_a_stack_that_the_channels_role_did_not_make_refutes_the_claim(status: str, role: str, holds: bool) -> None:
    found = stack(status, **({"RoleARN": role} if role else {}))
    account, _ = scripted({"cloudformation.DescribeStacks": found}, OPTIONS, s3_stack=STACK)
    if holds:
        assert ROLE in s3_checks.channel_role_creates(account)
    else:
        with pytest.raises(RefutedError, match=f"not by {ROLE}"):
            s3_checks.channel_role_creates(account)


def test_without_the_channels_role_nothing_is_said_of_it() -> None:
    account, aws = scripted({}, Options(template_url=URL), s3_stack=STACK)
    with pytest.raises(NotTriedError, match="--template-role-arn"):
        s3_checks.channel_role_creates(account)
    assert aws.calls == []


def test_keep_keeps_the_project_from_s3() -> None:
    account, aws = scripted(_created(), OPTIONS, keep=True)
    names = ("project_from_s3_template", "channel_role_creates", "channel_role_deletes")
    course = run([each for each in every_check() if each.name in names], account)
    assert [result.outcome for result in course.results] == [HOLDS, HOLDS, NOT_TRIED]
    assert course.left == ["project verify-1-s3: kept (--keep)"]
    assert aws.asked("sagemaker.DeleteProject") == []


@pytest.mark.parametrize(("ended", "holds"), [("DELETE_COMPLETE", True), ("DELETE_FAILED", False)])
def test_a_stack_that_stays_refutes_that_the_channels_role_deletes(ended: str, holds: bool) -> None:
    script = {
        **_created(),
        "sagemaker.DeleteProject": {},
        "sagemaker.DescribeProject": project("DeleteCompleted" if holds else "DeleteFailed"),
        "cloudformation.DescribeStacks": stack(ended),
    }
    account, aws = scripted(script, OPTIONS, s3_stack=STACK, s3_project="verify-1-s3")
    if holds:
        assert "the stack is gone" in s3_checks.channel_role_deletes(account)
    else:
        with pytest.raises(RefutedError, match="DELETE_FAILED"):
            s3_checks.channel_role_deletes(account)
    assert aws.asked("sagemaker.DeleteProject") == [{"ProjectName": "verify-1-s3"}]


@pytest.mark.parametrize(
    ("passing", "users", "why"),
    [
        ("allowed", [USER], ""),
        ("allowed", USER, ""),
        ("implicitDeny", [USER], "iam:PassRole: implicitDeny"),
        ("allowed", ["arn:aws:iam::111122223333:role/other"], "the trust policy does not name it"),
    ],
)
def test_an_execution_role_needs_to_pass_the_role_and_to_be_trusted(passing: str, users: Any, why: str) -> None:
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"},
            {"Effect": "Allow", "Principal": {"AWS": users}, "Action": "sts:AssumeRole"},
        ]
    }
    role = {"Path": "/", "RoleName": "r", "RoleId": "A" * 16, "Arn": ROLE, "CreateDate": NOW}
    account, aws = scripted(
        {
            "iam.SimulatePrincipalPolicy": {
                "EvaluationResults": [
                    {"EvalActionName": "iam:PassRole", "EvalDecision": passing},
                    {"EvalActionName": "sts:AssumeRole", "EvalDecision": "allowed"},
                ]
            },
            "iam.GetRole": {"Role": {**role, "AssumeRolePolicyDocument": json.dumps(trust)}},
        },
        OPTIONS,
    )
    if why:
        with pytest.raises(RefutedError, match=why):
            s3_checks.execution_role_may_pass_the_channels_role(account)
    else:
        assert "by simulation" in s3_checks.execution_role_may_pass_the_channels_role(account)
    assert aws.asked("iam.SimulatePrincipalPolicy")[0]["PolicySourceArn"] == USER
    assert aws.asked("iam.GetRole") == [{"RoleName": "SageMakerMlopsProjectsLaunch"}]
