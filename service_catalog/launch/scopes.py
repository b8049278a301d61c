"""Where the launch roles may do what a project stack needs: on which names, under which conditions, and why there.

A scope takes those needed actions that its patterns match. Names begin with the project's, which nobody knows
beforehand: so each pattern begins with a wildcard, and ends in a name that only project stacks give.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from service_catalog.launch.names import (
    ALARMS,
    ALIASES,
    ATTACHED_POLICIES,
    BOUNDARY_ARN,
    BUCKETS,
    BUDGETS,
    BUILD_ROLES,
    DEPLOY_ROLES,
    EVENT_ROLES,
    PIPELINE_ROLES,
    PIPELINES,
    POLICIES,
    PROJECTS,
    QUEUES,
    REPOSITORIES,
    ROLES,
    RULES,
    TOPICS,
    arn,
    every,
    iam_arn,
    roles,
)

Conditions = dict[str, dict[str, Any]]
TAG = "sagemaker:project-name"
TAGGED: Conditions = {"Null": {f"aws:ResourceTag/{TAG}": "false"}}
TAGGED_NOW: Conditions = {"Null": {f"aws:RequestTag/{TAG}": "false"}}
HERE: Conditions = {"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}}
BOUNDED: Conditions = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY_ARN}}
PREFIX = "the project's name, which comes first, is not known beforehand"
RANDOM = "AWS or CloudFormation makes the name up"
NO_RESOURCE = "the action has no resource to name"


@dataclass(frozen=True)
class Scope:
    """`actions` are patterns over the needed actions; `why` is the reason of the wildcard in `resources`."""

    sid: str
    actions: tuple[str, ...]
    resources: list[str]
    why: str
    conditions: Conditions = field(default_factory=dict)


def _passed(names: tuple[str, ...], service: str, sid: str) -> Scope:
    condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
    return Scope(sid, ("iam:PassRole",), roles(names), f"{PREFIX}; to {service} only", condition)


_POLICIES = [iam_arn(f"policy/*-{name}") for name in POLICIES]
_ATTACHED = [iam_arn(f"policy/*-{name}") for name in ATTACHED_POLICIES]
_CONNECTIONS = [arn(prefix, "connection/*", "*") for prefix in ("codeconnections", "codestar-connections")]
_GROUPS = arn("sagemaker", "model-package-group/*")
_CODE = every("sagemaker", "code-repository/", REPOSITORIES)
_KEYS = arn("kms", "key/*")
_LOG_GROUPS = [f"{each}{end}" for each in every("logs", "log-group:/aws/codebuild/", PROJECTS) for end in ("", ":*")]
_BUCKETS = [f"arn:${{AWS::Partition}}:s3:::*-{name}-????????????" for name in BUCKETS]

IDENTITIES = [
    Scope(
        "RolesWithinTheBoundary",
        ("iam:CreateRole", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:PutRolePermissionsBoundary"),
        roles(ROLES),
        f"{PREFIX}; whatever such a role is given, the boundary limits it",
        BOUNDED,
    ),
    Scope(
        "PoliciesOfDeployRoles",
        ("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        roles(DEPLOY_ROLES),
        f"{PREFIX}; only policies with a name of a project stack, only within the boundary",
        {**BOUNDED, "ArnLike": {"iam:PolicyARN": _ATTACHED}},
    ),
    Scope(
        "ChangesOfRoles",
        ("iam:DeleteRole", "iam:Update*Role*", "iam:UntagRole"),
        roles(ROLES),
        f"{PREFIX}; only roles with a project's tag",
        TAGGED,
    ),
    Scope("TagsOfRoles", ("iam:TagRole",), roles(ROLES), PREFIX),
    Scope("ReadRoles", ("iam:GetRole*", "iam:List*Role*"), roles(ROLES), f"{PREFIX}; it only reads"),
    Scope("ManagedPolicies", ("iam:*Policy", "iam:*PolicyVersion*", "iam:ListEntities*"), _POLICIES, PREFIX),
    Scope(
        "TokenProviders",
        ("iam:[!D]*OpenIDConnectProvider*",),
        [iam_arn("oidc-provider/*")],
        "its name is the git host's; it can only be made, read and tagged, and trusts nothing by itself",
    ),
    Scope(
        "TokenProvidersOfFailedStacks",
        ("iam:DeleteOpenIDConnectProvider",),
        [iam_arn("oidc-provider/*")],
        "its name is the git host's; only one with a project's tag",
        TAGGED,
    ),
]

PASSING = [
    _passed(BUILD_ROLES, "codebuild", "PassToCodeBuild"),
    _passed(PIPELINE_ROLES, "codepipeline", "PassToCodePipeline"),
    _passed(EVENT_ROLES, "events", "PassToEventBridge"),
]

DATA = [
    Scope("NewKeys", ("kms:CreateKey",), ["*"], f"{NO_RESOURCE}; only with a project's tag", TAGGED_NOW),
    Scope(
        "TagsOfNewKeys",
        ("kms:TagResource",),
        [_KEYS],
        f"{RANDOM}; only a key without an alias, as a new one is, takes a project's tag",
        {"Null": {"kms:ResourceAliases": "true", f"aws:RequestTag/{TAG}": "false"}},
    ),
    Scope(
        "OwnKeys",
        (
            "kms:PutKeyPolicy",
            "kms:UpdateKeyDescription",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateAlias",
            "kms:DeleteAlias",
            "kms:CreateAlias",
        ),
        [_KEYS],
        f"{RANDOM}; only keys with a project's tag",
        TAGGED,
    ),
    Scope(
        "KeysOfFailedStacks",
        ("kms:ScheduleKeyDeletion",),
        [_KEYS],
        f"{RANDOM}; only keys with a project's tag, and only after 30 days",
        {**TAGGED, "NumericGreaterThanEquals": {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}},
    ),
    Scope(
        "AliasesOfNewKeys",
        ("kms:CreateAlias",),
        [_KEYS],
        f"{RANDOM}; only a key without an alias, since a new key's tag may count minutes later",
        {"Null": {"kms:ResourceAliases": "true"}},
    ),
    Scope(
        "HarmlessToKeys",
        ("kms:DescribeKey", "kms:Get*", "kms:ListResourceTags", "kms:EnableKeyRotation"),
        [_KEYS],
        f"{RANDOM}; it reads about keys, and switches rotation on but never off",
    ),
    Scope("Aliases", ("kms:*Alias",), every("kms", "alias/", ALIASES), PREFIX),
    Scope(
        "KeysOfImages",
        ("kms:CreateGrant",),
        [_KEYS],
        f"{RANDOM}; only grants that ECR itself asks for",
        {
            "Bool": {"kms:GrantIsForAWSResource": "true"},
            "StringLike": {"kms:ViaService": "ecr.*.amazonaws.com"},
        },
    ),
    Scope(
        "GrantsOfImages",
        ("kms:RetireGrant",),
        [_KEYS],
        f"{RANDOM}; only through ECR",
        {"StringLike": {"kms:ViaService": "ecr.*.amazonaws.com"}},
    ),
    Scope("NewBuckets", ("s3:CreateBucket",), _BUCKETS, f"{PREFIX}; twelve characters of the stack's id come last"),
    Scope("Buckets", ("s3:*Bucket*", "s3:*Configuration"), _BUCKETS, f"{PREFIX}; only in this account", HERE),
    Scope("Images", ("ecr:*",), every("ecr", "repository/", ("model-build",)), PREFIX),
    Scope("Bindings", ("ssm:*",), [arn("ssm", "parameter/*/bindings/*")], PREFIX),
]

DELIVERY = [
    Scope(
        "Repositories",
        ("codecommit:[!D]*",),
        every("codecommit", "", REPOSITORIES),
        PREFIX,
    ),
    Scope(
        "RepositoriesOfFailedStacks",
        ("codecommit:Delete*",),
        every("codecommit", "", REPOSITORIES),
        f"{PREFIX}; only repositories with a project's tag",
        TAGGED,
    ),
    Scope("Builds", ("codebuild:*",), every("codebuild", "project/", PROJECTS), PREFIX),
    Scope("BuildLogs", ("logs:*",), _LOG_GROUPS, PREFIX),
    Scope("Pipelines", ("codepipeline:*",), every("codepipeline", "", PIPELINES), PREFIX),
    Scope(
        "Connections",
        ("*:PassConnection",),
        _CONNECTIONS,
        f"{RANDOM}; only connections tagged sagemaker=true, only to CodePipeline",
        {
            "StringEqualsIgnoreCase": {"aws:ResourceTag/sagemaker": "true"},
            "StringEqualsIfExists": {
                "codeconnections:PassedToService": "codepipeline.amazonaws.com",
                "codestar-connections:PassedToService": "codepipeline.amazonaws.com",
            },
        },
    ),
]

OPERATION = [
    Scope("Topics", ("sns:*",), every("sns", "", TOPICS), PREFIX),
    Scope("Queues", ("sqs:*",), every("sqs", "", QUEUES), PREFIX),
    Scope("Alarms", ("cloudwatch:*",), every("cloudwatch", "alarm:", ALARMS), PREFIX),
    Scope("Rules", ("events:*",), every("events", "rule/", RULES), PREFIX),
    Scope("Budgets", ("budgets:*",), [arn("budgets", f"budget/*-{name}", "") for name in BUDGETS], PREFIX),
]

REGISTRY = [
    Scope(
        "NewGroups",
        ("sagemaker:CreateModelPackageGroup",),
        [_GROUPS],
        "a group is called as its project is; only with a project's tag",
        TAGGED_NOW,
    ),
    Scope(
        "TagsOfNewGroups",
        ("sagemaker:AddTags",),
        [_GROUPS],
        "a group is called as its project is; the tags come with a new one only",
        {"StringEquals": {"sagemaker:TaggingAction": "CreateModelPackageGroup"}},
    ),
    Scope(
        "OwnGroups",
        (
            "sagemaker:DeleteModelPackageGroup*",
            "sagemaker:PutModelPackageGroupPolicy",
            "sagemaker:AddTags",
            "sagemaker:DeleteTags",
        ),
        [_GROUPS],
        "a group is called as its project is; only groups with a project's tag",
        TAGGED,
    ),
    Scope(
        "ReadGroups",
        ("sagemaker:DescribeModelPackageGroup", "sagemaker:GetModelPackageGroupPolicy", "sagemaker:ListTags"),
        [_GROUPS],
        "a group is called as its project is; it only reads",
    ),
    Scope("CodeRepositories", ("sagemaker:*CodeRepository", "sagemaker:*Tags"), _CODE, PREFIX),
]

ANYWHERE = [
    Scope(
        "Lists",
        (
            "cloudwatch:DescribeAlarms", "codecommit:ListRepositories", "kms:ListAliases", "logs:DescribeLogGroups",
            "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
        ),
        ["*"],
        NO_RESOURCE,
    ),
]  # fmt: skip

SEEDER = [
    Scope("Seeder", ("lambda:InvokeFunction",), [arn("lambda", "function:sagemaker-mlops-seeder")], ""),
]

POLICY_SCOPES = {
    "identities": IDENTITIES,
    "passing": PASSING,
    "data": DATA,
    "delivery": [*DELIVERY, *SEEDER],
    "operation": OPERATION,
    "registry": [*REGISTRY, *ANYWHERE],
}
