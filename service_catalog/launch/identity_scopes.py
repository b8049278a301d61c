"""Roles and managed policies: only under the projects' own path, where nobody else's are."""

from __future__ import annotations

from service_catalog.launch.names import (
    ATTACHED_POLICIES,
    BUILD_ROLES,
    DEPLOY_ROLES,
    EVENT_ROLES,
    PATH,
    PIPELINE_ROLES,
    POLICIES,
    ROLES,
    iam_arn,
    roles,
)
from service_catalog.launch.scope import BOUNDED, PREFIX, TAGGED, Scope

_POLICIES = [iam_arn(f"policy{PATH}*-{name}") for name in POLICIES]
_ATTACHED = [iam_arn(f"policy{PATH}*-{name}") for name in ATTACHED_POLICIES]
_ALL = [iam_arn(f"role{PATH}*")]
_PATH = f"{PREFIX}; only under the projects' path"


def _passed(names: tuple[str, ...], service: str, sid: str) -> Scope:
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    return Scope(sid, ("iam:PassRole",), roles(names), f"{_PATH}, to {service} only", condition)


IDENTITIES = [
    Scope(
        "RolesWithinTheBoundary",
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"),
        roles(ROLES),
        f"{_PATH}; whatever such a role is given, the boundary limits it",
        BOUNDED,
    ),
    Scope(
        "PoliciesOfDeployRoles",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        roles(DEPLOY_ROLES),
        f"{_PATH}; only policies with a name of a project stack, only within the boundary",
        {**BOUNDED, "ArnLike": {"iam:PolicyARN": _ATTACHED}},
    ),
    Scope(
        "ChangesOfRoles",
        ("iam:DeleteRole", "iam:Update*Role*", "iam:UntagRole"),
        _ALL,
        f"{_PATH}; only roles with a project's tag",
        TAGGED,
    ),
    Scope("TagsOfRoles", ("iam:TagRole",), _ALL, _PATH),
    Scope("ReadRoles", ("iam:GetRole*", "iam:List*Role*"), _ALL, f"{_PATH}; it only reads"),
    Scope(
        "ManagedPolicies",
        (
            "iam:CreatePolicy*",
            "iam:DeletePolicy*",
            "iam:GetPolicy*",
            "iam:ListPolicyVersions",
            "iam:ListEntitiesForPolicy",
        ),
        _POLICIES,
        f"{_PATH}; CloudFormation gives a managed policy no tags",
    ),
]

PASSING = [
    _passed(BUILD_ROLES, "codebuild", "PassToCodeBuild"),
    _passed(PIPELINE_ROLES, "codepipeline", "PassToCodePipeline"),
    _passed(EVENT_ROLES, "events", "PassToEventBridge"),
]
