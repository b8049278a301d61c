"""launch-roles.yaml: stands once in each account in which projects are created, before the portfolio is shared."""

from __future__ import annotations

import re
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from service_catalog.launch.boundary_document import boundary_document
from service_catalog.launch.names import BOUNDARY
from service_catalog.launch.statements import (
    PROJECTS,
    SERVICE_CATALOG,
    Statement,
    policies,
    stack_statements,
    template_statements,
)
from service_catalog.launch.trust import SERVICE_CATALOG_TRUST, projects_trust


def build(app: cdk.App, name: str) -> cdk.Stack:
    """The two launch roles, their policies, and the boundary of every role that they create."""
    stack = cdk.Stack(
        app,
        name,
        description="Roles that create projects for SageMaker, and the limits of the roles they make. Once an account.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    users = cdk.CfnParameter(
        stack,
        "ExecutionRoleArns",
        type="CommaDelimitedList",
        default="",
        description="Execution roles whose users create projects from S3 templates; empty for Service Catalog only",
    )
    has_users = cdk.CfnCondition(
        stack,
        "HasExecutionRoles",
        expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(cdk.Fn.join("", users.value_as_list), "")),
    )
    iam.CfnManagedPolicy(
        stack,
        "Boundary",
        managed_policy_name=BOUNDARY,
        description="The most that a role of a project can ever do",
        policy_document=substituted(boundary_document()),
    )
    shared = [
        iam.CfnManagedPolicy(
            stack,
            f"{title.capitalize()}OfProjects",
            managed_policy_name=f"{SERVICE_CATALOG}-{title}",
            description=f"{title.capitalize()} of project stacks",
            policy_document=_document(statements),
        )
        for title, statements in policies().items()
    ]
    _role(stack, "LaunchRole", SERVICE_CATALOG, substituted(SERVICE_CATALOG_TRUST), shared)
    trust = substituted(projects_trust(users.value_as_list))
    studio = _role(stack, "ProjectsLaunchRole", PROJECTS, trust, shared)
    studio.cfn_options.condition = has_users
    return stack


def _role(
    stack: cdk.Stack, construct_id: str, name: str, trust: dict[str, Any], shared: list[iam.CfnManagedPolicy]
) -> iam.CfnRole:
    return iam.CfnRole(
        stack,
        construct_id,
        role_name=name,
        description="Creates, updates and deletes project stacks",
        assume_role_policy_document=trust,
        managed_policy_arns=[policy.ref for policy in shared],
        policies=[
            iam.CfnRole.PolicyProperty(
                policy_name="stacks",
                policy_document=_document([*stack_statements(name), *template_statements(name)]),
            )
        ],
    )


def _document(statements: list[Statement]) -> dict[str, Any]:
    made: dict[str, Any] = substituted({"Version": "2012-10-17", "Statement": statements})
    return made


def substituted(value: Any) -> Any:
    """The same with `Fn::Sub` around every text that names a pseudo parameter."""
    if isinstance(value, dict):
        return {key: substituted(each) for key, each in value.items()}
    if isinstance(value, list) and all(isinstance(each, str) for each in value) and cdk.Token.is_unresolved(value):
        return value
    if isinstance(value, list):
        return [substituted(each) for each in value]
    if isinstance(value, str) and re.fullmatch(r"\$\{AWS::\w+\}", value):
        return cdk.Fn.ref(value[2:-1])
    return cdk.Fn.sub(value) if isinstance(value, str) and "${AWS::" in value else value
