"""What checks make of what CloudFormation answers; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from service_catalog.verify_aws import stack_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.scripted_aws import error
from tests.catalog.verify_scripts import NOW, STACK, failed, scripted, stack


def test_a_custom_resource_that_fails_in_time_holds_the_claim_and_its_stack_is_deleted() -> None:
    states = iter(["CREATE_IN_PROGRESS", "CREATE_FAILED", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"])
    account, aws = scripted(
        {
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": lambda _: stack(next(states)),
            "cloudformation.DescribeStackEvents": failed("no answer within 60 seconds", "Silent"),
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
    account, _ = scripted(
        {
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": lambda _: stack(next(states)),
            "cloudformation.DescribeStackEvents": failed("exceeded timeout", "Silent"),
        }
    )
    with pytest.raises(RefutedError, match="failed only after"):
        stack_checks.custom_resource_gives_up(account)


def test_a_seeder_that_times_out_refutes_the_claim() -> None:
    account, _ = scripted(
        {
            "lambda.GetFunctionConfiguration": {"FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:f"},
            "cloudformation.CreateStack": {"StackId": STACK},
            "cloudformation.DescribeStacks": stack("CREATE_FAILED"),
            "cloudformation.DescribeStackEvents": failed("Task timed out after 900 seconds", "Seed"),
        }
    )
    with pytest.raises(RefutedError, match="timed out"):
        stack_checks.seeder_says_what_is_wrong(account)


REFUSAL = error("CreateStack", "ValidationError", "Role arn:aws:iam::1:role/r is invalid or cannot be assumed")


def _by_role(*answers: Any) -> dict[str, Any]:
    """CloudFormation's answers to requests for a stack; the last one is repeated."""
    told = itertools.chain(answers, itertools.repeat(answers[-1]))
    role = {"Path": "/", "RoleName": "r", "RoleId": "A" * 16, "Arn": "arn:aws:iam::111122223333:role/r"}
    return {
        "iam.CreateRole": {"Role": {**role, "CreateDate": NOW}},
        "iam.PutRolePolicy": {},
        "cloudformation.CreateStack": lambda _: next(told),
        "cloudformation.DescribeStacks": stack("CREATE_COMPLETE"),
    }


def test_a_role_that_insists_on_the_account_is_taken_once_iam_knows_it() -> None:
    account, aws = scripted(_by_role(REFUSAL, {"StackId": STACK}))
    assert "CREATE_COMPLETE" in stack_checks.cloudformation_tells_the_account(account)
    trust = json.loads(aws.asked("iam.CreateRole")[0]["AssumeRolePolicyDocument"])["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert aws.asked("cloudformation.CreateStack")[1]["RoleARN"] == "arn:aws:iam::111122223333:role/r"
    assert account.remaining() == ["stack verify-1-account", "role verify-1-account"]


def test_a_role_that_is_never_taken_refutes_the_claim() -> None:
    account, _ = scripted(_by_role(REFUSAL))
    with pytest.raises(RefutedError, match="could not take the role within 5 minutes"):
        stack_checks.cloudformation_tells_the_account(account)
