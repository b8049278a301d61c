"""What CloudFormation does with custom resources that don't answer, or answer with an error."""

from __future__ import annotations

import json
from typing import Any

from service_catalog.verify_aws.account import Account, TooLongError
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, check
from service_catalog.verify_aws.roles import make_role, trusted

SEEDER = "sagemaker-mlops-seeder"
TIMEOUT_SECONDS = 60
ROLE_MINUTES = 5


@check(creates="a stack with a topic that answers nothing")
def custom_resource_gives_up(account: Account) -> str:
    """A custom resource that nobody answers fails after its ServiceTimeout, not after an hour.

    Source: CloudFormation user guide, AWS::CloudFormation::CustomResource.
    """
    silent = {
        "Type": "AWS::CloudFormation::CustomResource",
        "Properties": {"ServiceToken": {"Ref": "Nobody"}, "ServiceTimeout": TIMEOUT_SECONDS},
    }
    begun = account.clock()
    failure = _failure(account, "silent", {"Nobody": {"Type": "AWS::SNS::Topic"}, "Silent": silent}, "Silent", 15)
    seconds = account.clock() - begun
    if seconds > 10 * TIMEOUT_SECONDS:
        raise RefutedError(f"it failed only after {seconds:.0f} s: {failure}")
    return f"failed after {seconds:.0f} s: {failure}"


@check(creates="a stack whose seed fails")
def seeder_says_what_is_wrong(account: Account) -> str:
    """An error in the seeder reaches the stack's event as one line within minutes, and the stack can be deleted.

    Source: Lambda's and CloudFormation's user guides, custom resources; ours.
    """
    functions = account.client("lambda")
    try:
        arn = functions.get_function_configuration(FunctionName=SEEDER)["FunctionArn"]
    except functions.exceptions.ResourceNotFoundException as error:
        raise NotTriedError(f"there is no function {SEEDER} here; `make publish` makes it") from error
    seed = {
        "Type": "Custom::ModelRepositories",
        "Properties": {
            "ServiceToken": arn,
            "TemplateVersion": "0.0.0",
            "Bundle": {"Key": f"bundles/0.0.0/{'0' * 64}.zip", "Sha256": "0" * 64},
            "Answers": {"project_slug": account.prefix},
            "ProjectId": "p-verify",
            "Repositories": {
                part: {"CodeCommit": f"{account.prefix}-{part}", "ConnectionArn": "", "Path": ""}
                for part in ("model-build", "model-deploy")
            },
        },
    }
    failure = _failure(account, "seed", {"Seed": seed}, "Seed", 15)
    if "\n" in failure.strip() or "timed out" in failure.lower():
        raise RefutedError(failure)
    return failure


@check(creates="a role and a stack with a topic")
def cloudformation_tells_the_account(account: Account) -> str:
    """CloudFormation takes a role whose trust policy insists on aws:SourceAccount, as the S3 channel's could.

    Source: IAM user guide, confused-deputy; service_catalog/launch/trust.py, which so far asks only if it is told.
    """
    stacks, stack, who = account.client("cloudformation"), f"{account.prefix}-account", account.identity()
    trust = trusted("cloudformation.amazonaws.com", StringEquals={"aws:SourceAccount": who["Account"]})
    topics = f"arn:{who['Arn'].split(':')[1]}:sns:{who['Region']}:{who['Account']}:{stack}-*"
    role = make_role(account, stack, trust, ["sns:*"], topics)
    template = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    account.afterwards(f"stack {stack}", lambda: delete_stack(account, stack))

    def taken() -> bool:
        try:
            stacks.create_stack(StackName=stack, TemplateBody=template, RoleARN=role, OnFailure="DO_NOTHING")
        except stacks.exceptions.ClientError as error:
            if "assume" in str(error).lower():
                return False
            raise
        return True

    try:
        account.wait("the new role", taken, ROLE_MINUTES, 10)
    except TooLongError as error:
        raise RefutedError(f"CloudFormation could not take the role within {ROLE_MINUTES} minutes") from error
    status = account.wait(f"stack {stack}", lambda: ended(account, stack), 15, 10)
    if status != "CREATE_COMPLETE":
        raise RefutedError(f"the role was taken, and the stack ended as {status}")
    return "CREATE_COMPLETE by a role that insists on the account"


def _failure(account: Account, name: str, resources: dict[str, Any], resource: str, minutes: float) -> str:
    """Why `resource` of a new stack failed; raises RefutedError if it didn't."""
    stacks, stack = account.client("cloudformation"), f"{account.prefix}-{name}"
    account.afterwards(f"stack {stack}", lambda: delete_stack(account, stack))
    stacks.create_stack(
        StackName=stack,
        TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}),
        OnFailure="DO_NOTHING",
    )
    status = account.wait(f"stack {stack}", lambda: ended(account, stack), minutes, 10)
    for event in stacks.describe_stack_events(StackName=stack)["StackEvents"]:
        if event["LogicalResourceId"] == resource and event["ResourceStatus"] == "CREATE_FAILED":
            return str(event.get("ResourceStatusReason", ""))
    raise RefutedError(f"stack {stack} ended as {status} and {resource} did not fail")


def ended(account: Account, stack: str) -> str:
    """The stack's state once it has one that stays; empty before."""
    status = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    return "" if status.endswith("_IN_PROGRESS") else str(status)


def delete_stack(account: Account, stack: str) -> None:
    """Raises an error that says so where the stack stays."""
    stacks = account.client("cloudformation")
    identifier = stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    stacks.delete_stack(StackName=identifier)
    status = account.wait(f"deletion of {stack}", lambda: ended(account, identifier), 30, 10)
    if status != "DELETE_COMPLETE":
        raise RuntimeError(f"stack {stack} ended as {status}")
