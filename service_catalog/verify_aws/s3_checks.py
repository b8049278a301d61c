"""The S3 channel: the same template without Service Catalog, and the role that CloudFormation takes for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from service_catalog.verify_aws.account import Account
from service_catalog.verify_aws.checks import NotTriedError, RefutedError, check
from service_catalog.verify_aws.end_checks import taken_down
from service_catalog.verify_aws.project_checks import create, described, form, needed, stack_of


@check(creates="a second SageMaker project, from the template in S3", usd=1.0)
def project_from_s3_template(account: Account) -> str:
    """CreateProject provisions the very same template from S3.

    Source: SageMaker developer guide, sagemaker-projects-templates-custom.
    """
    if not account.options.template_url:
        raise NotTriedError("needs --template-url, and --template-role-arn for the channel's launch role")
    name = f"{account.prefix}-s3"
    provider: dict[str, Any] = {
        "TemplateName": "sagemaker-mlops",
        "TemplateURL": account.options.template_url,
        "Parameters": [{"Key": key, "Value": value} for key, value in form(account).items()],
    }
    if account.options.template_role_arn:
        provider["RoleARN"] = account.options.template_role_arn
    made = create(account, name, {"TemplateProviders": [{"CfnTemplateProvider": provider}]})
    account.facts["s3_project"] = name
    account.facts["s3_stack"] = stack_of(account, name)
    return f"{made} as CreateCompleted, stack {account.facts['s3_stack'].split('/')[1]}"


@check()
def channel_role_creates(account: Account) -> str:
    """The stack of a project from S3 was made by the channel's own launch role, whose permissions suffice.

    Source: SageMaker developer guide, sagemaker-projects-templates-custom; docs/launch-role.md.
    """
    wanted = _channel_role(account)
    stack = described(account, needed(account, "s3_stack"))
    if stack["StackStatus"] != "CREATE_COMPLETE" or stack.get("RoleARN") != wanted:
        raise RefutedError(f"{stack['StackStatus']} by {stack.get('RoleARN') or 'no role of its own'}, not by {wanted}")
    return f"CREATE_COMPLETE by {wanted}"


@check()
def execution_role_may_pass_the_channels_role(account: Account) -> str:
    """An execution role of Studio may pass and assume the channel's launch role, which trusts it.

    Source: docs/publishing.md, Studio's S3 channel; read from IAM's simulator and the role's trust policy.
    """
    user, wanted = account.options.execution_role_arn, _channel_role(account)
    if not user:
        raise NotTriedError("needs --execution-role-arn of a role whose users create projects in Studio")
    roles = account.client("iam")
    answers = roles.simulate_principal_policy(
        PolicySourceArn=user, ActionNames=["iam:PassRole", "sts:AssumeRole"], ResourceArns=[wanted]
    )["EvaluationResults"]
    denied = [f"{each['EvalActionName']}: {each['EvalDecision']}" for each in answers if _is_denied(each)]
    trust = roles.get_role(RoleName=wanted.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
    if user not in _trusted(trust):
        denied.append("the trust policy does not name it")
    if denied:
        raise RefutedError("; ".join(denied))
    return "iam:PassRole and sts:AssumeRole are allowed, by simulation, and the trust policy names it"


@check()
def channel_role_deletes(account: Account) -> str:
    """DeleteProject takes the stack of a project from S3 down again by the role that made it.

    Source: SageMaker developer guide, sagemaker-projects-delete; docs/launch-role.md.
    """
    project, stack = needed(account, "s3_project"), needed(account, "s3_stack")
    if account.keep:
        raise NotTriedError("--keep was given")
    return taken_down(account, project, stack)


def _channel_role(account: Account) -> str:
    if not account.options.template_role_arn:
        raise NotTriedError("needs --template-role-arn, the channel's launch role")
    return account.options.template_role_arn


def _is_denied(answer: Any) -> bool:
    return bool(answer["EvalDecision"] != "allowed")


def _trusted(policy: Any) -> Iterator[str]:
    """Everybody whom a trust policy's statements name as AWS principals."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement["Principal"].get("AWS", [])
        yield from [named] if isinstance(named, str) else named
