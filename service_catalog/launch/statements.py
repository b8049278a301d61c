"""The launch roles' statements: needed actions in their scopes, and what both roles must never touch."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

from service_catalog.launch.names import arn, iam_arn
from service_catalog.launch.needed import needed_actions
from service_catalog.launch.scope import Scope
from service_catalog.launch.scopes import POLICY_SCOPES

Statement = dict[str, Any]
SERVICE_CATALOG, PROJECTS = "SageMakerMlopsLaunch", "SageMakerMlopsProjectsLaunch"
STACKS = {SERVICE_CATALOG: "SC-*", PROJECTS: "SP-*"}
OWN = [
    *(iam_arn(f"role/{name}") for name in STACKS),
    iam_arn("role/sagemaker-mlops-seeder-*"),
    iam_arn("policy/SageMakerMlops*"),
]


class UnscopedActionError(ValueError):
    """An action that a project stack needs is in no scope."""


def policies() -> dict[str, list[Statement]]:
    """Statements of each managed policy that both launch roles have.

    Raises:
        UnscopedActionError: an action is needed and no scope takes it.
    """
    needed = needed_actions()
    made = {
        name: [_statement(scope, taken) for scope in scopes if (taken := _taken(scope, needed))]
        for name, scopes in POLICY_SCOPES.items()
    }
    given = {action for statements in made.values() for each in statements for action in each["Action"]}
    if missing := needed - given:
        raise UnscopedActionError(f"no scope takes {', '.join(sorted(missing))}")
    made["identities"].append(
        {
            "Sid": "NeverTheMakersOfProjects",
            "Effect": "Deny",
            "Action": "iam:*",
            "Resource": OWN,
            # Passing itself to CloudFormation, in ToItsStacks alone, gives nobody more.
            "Condition": {"StringNotEqualsIfExists": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        }
    )
    made["storage"].append(
        {
            "Sid": "NoBucketsNamedAfterTheAccount",
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "arn:${AWS::Partition}:s3:::*-${AWS::AccountId}",
        }
    )
    return made


def _taken(scope: Scope, needed: Iterable[str]) -> list[str]:
    return sorted(action for action in needed if any(fnmatch.fnmatchcase(action, pattern) for pattern in scope.actions))


def _statement(scope: Scope, actions: list[str]) -> Statement:
    made: Statement = {"Sid": scope.sid, "Effect": "Allow", "Action": actions, "Resource": scope.resources}
    return {**made, "Condition": scope.conditions} if scope.conditions else made


def stack_statements(role: str) -> list[Statement]:
    """What the role may do with the stacks of its channel (Service Catalog administrator guide, launch constraints)."""
    stacks = arn("cloudformation", f"stack/{STACKS[role]}/*")
    return [
        {
            "Sid": "Stacks",
            "Effect": "Allow",
            "Action": [
                "cloudformation:CancelUpdateStack",
                "cloudformation:ContinueUpdateRollback",
                "cloudformation:CreateChangeSet",
                "cloudformation:CreateStack",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResource",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:ExecuteChangeSet",
                "cloudformation:GetStackPolicy",
                "cloudformation:GetTemplate",
                "cloudformation:ListChangeSets",
                "cloudformation:ListStackResources",
                "cloudformation:SetStackPolicy",
                "cloudformation:TagResource",
                "cloudformation:UntagResource",
                "cloudformation:UpdateStack",
            ],
            "Resource": stacks,
        },
        {
            "Sid": "Templates",
            "Effect": "Allow",
            "Action": ["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"],
            "Resource": "*",
        },
        {
            "Sid": "NoTakingInOfWhatIsThere",
            "Effect": "Deny",
            "Action": "cloudformation:CreateChangeSet",
            "Resource": "*",
            "Condition": {"Null": {"cloudformation:ImportResourceTypes": "false"}},
        },
    ]


def template_statements(role: str) -> list[Statement]:
    """How the role reads the template; Service Catalog copies it to a bucket of its own and tags it there."""
    if role == SERVICE_CATALOG:
        return [
            {
                "Sid": "ProvisionedTemplates",
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": "*",
                "Condition": {"StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}},
            }
        ]
    bucket = "arn:${AWS::Partition}:s3:::sagemaker-mlops-*"
    return [
        {
            "Sid": "StudioTemplates",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"{bucket}/studio/*",
        },
        {
            "Sid": "ToItsStacks",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": iam_arn(f"role/{PROJECTS}"),
            "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        },
        {
            # Its users hold it themselves, and could tag another's repository before they delete it.
            "Sid": "KeepsCodeAndImages",
            "Effect": "Deny",
            "Action": ["codecommit:DeleteRepository", "ecr:DeleteRepository"],
            "Resource": "*",
        },
    ]
