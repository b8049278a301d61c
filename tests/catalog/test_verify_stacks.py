"""What checks make of what CloudFormation answers; requests and answers are held against botocore's models."""

from __future__ import annotations

import itertools
import json

import pytest

from service_catalog.verify_aws import stack_checks
from service_catalog.verify_aws.checks import RefutedError
from tests.catalog.verify_scripts import STACK, failed, scripted, stack


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
