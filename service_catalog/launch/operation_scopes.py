"""Notifications, rules, budgets, and what a project shows in the registry and in Studio."""

from __future__ import annotations

from service_catalog.launch.names import ALARMS, BUDGETS, QUEUES, REPOSITORIES, RULES, TOPICS, arn, every
from service_catalog.launch.scope import NO_RESOURCE, PREFIX, TAGGED, TAGGED_NOW, Scope, of_projects

_GROUPS = [arn("sagemaker", "model-package-group/*")]
_CODE = every("sagemaker", "code-repository/", REPOSITORIES)
_GROUP = "a group is called as its project is"
_UPSERT = "it reads, and one call both makes and changes, so that no tag can be asked"

OPERATION = [
    *of_projects(
        "Topics",
        [f"{topic}{end}" for topic in every("sns", "", TOPICS) for end in ("", ":*")],
        ("sns:CreateTopic", "sns:Get*", "sns:List*"),
        ("sns:Delete*", "sns:Set*", "sns:Subscribe", "sns:Unsubscribe", "sns:UntagResource"),
        "sns:TagResource",
    ),
    *of_projects(
        "Queues",
        every("sqs", "", QUEUES),
        ("sqs:CreateQueue", "sqs:Get*", "sqs:List*"),
        ("sqs:Delete*", "sqs:Set*", "sqs:UntagQueue"),
        "sqs:TagQueue",
    ),
    *of_projects(
        "Alarms",
        every("cloudwatch", "alarm:", ALARMS),
        ("cloudwatch:PutMetricAlarm", "cloudwatch:ListTagsForResource"),
        ("cloudwatch:Delete*", "cloudwatch:UntagResource"),
        "cloudwatch:TagResource",
        _UPSERT,
    ),
]

EVENTS = [
    *of_projects(
        "Rules",
        every("events", "rule/", RULES),
        ("events:PutRule", "events:Describe*", "events:List*"),
        ("events:PutTargets", "events:RemoveTargets", "events:Delete*", "events:UntagResource"),
        "events:TagResource",
        _UPSERT,
    ),
    Scope(
        "Budgets",
        ("budgets:*",),
        [arn("budgets", f"budget/*-{name}", "") for name in BUDGETS],
        f"{PREFIX}; one call makes, changes and deletes, so that no tag can be asked",
    ),
]

REGISTRY = [
    Scope(
        "NewGroups",
        ("sagemaker:CreateModelPackageGroup",),
        _GROUPS,
        f"{_GROUP}; only with a project's tag",
        TAGGED_NOW,
    ),
    Scope(
        "TagsOfNewOnes",
        ("sagemaker:AddTags",),
        [*_GROUPS, *_CODE],
        f"{_GROUP}; the tags come with a new one only",
        {"StringEquals": {"sagemaker:TaggingAction": ["CreateModelPackageGroup", "CreateCodeRepository"]}},
    ),
    Scope(
        "OwnGroups",
        (
            "sagemaker:DeleteModelPackageGroup*",
            "sagemaker:PutModelPackageGroupPolicy",
            "sagemaker:AddTags",
            "sagemaker:DeleteTags",
        ),
        _GROUPS,
        f"{_GROUP}; only groups with a project's tag",
        TAGGED,
    ),
    Scope(
        "ReadGroups",
        ("sagemaker:DescribeModelPackageGroup", "sagemaker:GetModelPackageGroupPolicy", "sagemaker:ListTags"),
        _GROUPS,
        f"{_GROUP}; it only reads",
    ),
    *of_projects(
        "CodeRepositories",
        _CODE,
        ("sagemaker:CreateCodeRepository", "sagemaker:DescribeCodeRepository", "sagemaker:ListTags"),
        (
            "sagemaker:UpdateCodeRepository",
            "sagemaker:DeleteCodeRepository",
            "sagemaker:DeleteTags",
            "sagemaker:AddTags",
        ),
    ),
    Scope(
        "Lists",
        ("cloudwatch:DescribeAlarms", "codecommit:ListRepositories", "kms:ListAliases", "logs:DescribeLogGroups"),
        ["*"],
        NO_RESOURCE,
    ),
]
