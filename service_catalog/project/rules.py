"""What must always hold of a form, whichever channel it comes by: CloudFormation refuses the stack otherwise."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn

from service_catalog.project.accounts import STAGES
from service_catalog.project.form import Form

Rule = cdk.ICfnConditionExpression


def add_rules(stack: cdk.Stack, form: Form, ci: str) -> None:
    for stage in ("", *STAGES):
        _together(stack, form, f"{stage}SubnetIds", f"{stage}SecurityGroupIds")
    for name, choice, expected, told in (
        ("OtherAccountsAreNamed", "multi", False, "Accounts=multi needs StagingAccountId and ProductionAccountId"),
        ("OneAccountNamesNone", "single", True, "Accounts=single takes no StagingAccountId and ProductionAccountId"),
    ):
        empty = [Fn.condition_equals(form.value(f"{stage}AccountId"), "") for stage in STAGES]
        held = Fn.condition_and(*(empty if expected else [Fn.condition_not(each) for each in empty]))
        _rule(stack, name, Fn.condition_equals(form.value("Accounts"), choice), held, told)
    if ci == "codepipeline":
        _together(stack, form, "ConnectionArn", "BuildRepository")
        _together(stack, form, "ConnectionArn", "DeployRepository")
    paths = [form.value(f"{part}Repository") for part in ("Build", "Deploy")]
    _rule(
        stack,
        "RepositoriesDiffer",
        Fn.condition_not(Fn.condition_equals(paths[0], "")),
        Fn.condition_not(Fn.condition_equals(*paths)),
        "BuildRepository and DeployRepository are two repositories",
    )


def _together(stack: cdk.Stack, form: Form, *parameters: str) -> None:
    for given, other in (parameters, parameters[::-1]):
        _rule(
            stack,
            f"{given}Needs{other}",
            Fn.condition_not(Fn.condition_equals(form.value(given), "")),
            Fn.condition_not(Fn.condition_equals(form.value(other), "")),
            f"{given} and {other} go together; only {given} is given",
        )


def _rule(stack: cdk.Stack, name: str, when: Rule, held: Rule, told: str) -> None:
    cdk.CfnRule(
        stack,
        name,
        rule_condition=when,
        assertions=[cdk.CfnRuleAssertion(assert_=held, assert_description=told)],
    )
