"""Repositories, builds, their logs, pipelines and the seeder."""

from __future__ import annotations

from service_catalog.launch.names import PIPELINES, PROJECTS, REPOSITORIES, arn, every
from service_catalog.launch.scope import RANDOM, Scope, of_projects

_CONNECTIONS = [arn(prefix, "connection/*", "*") for prefix in ("codeconnections", "codestar-connections")]
_LOG_GROUPS = [f"{each}{end}" for each in every("logs", "log-group:/aws/codebuild/", PROJECTS) for end in ("", ":*")]

DELIVERY = [
    *of_projects(
        "Repositories",
        every("codecommit", "", REPOSITORIES),
        ("codecommit:CreateRepository", "codecommit:Get*", "codecommit:ListTagsForResource"),
        ("codecommit:Update*", "codecommit:Delete*", "codecommit:UntagResource"),
        "codecommit:TagResource",
    ),
    *of_projects(
        "Builds",
        every("codebuild", "project/", PROJECTS),
        ("codebuild:CreateProject", "codebuild:BatchGet*"),
        ("codebuild:Update*", "codebuild:Delete*"),
    ),
    *of_projects(
        "Pipelines",
        every("codepipeline", "", PIPELINES),
        ("codepipeline:CreatePipeline", "codepipeline:Get*", "codepipeline:List*"),
        ("codepipeline:Update*", "codepipeline:Delete*", "codepipeline:UntagResource"),
        "codepipeline:TagResource",
    ),
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
    Scope("Seeder", ("lambda:InvokeFunction",), [arn("lambda", "function:sagemaker-mlops-seeder")], ""),
]

LOGS = of_projects(
    "BuildLogs",
    _LOG_GROUPS,
    ("logs:CreateLogGroup", "logs:ListTagsForResource"),
    ("logs:*RetentionPolicy", "logs:AssociateKmsKey", "logs:DeleteLogGroup", "logs:UntagResource"),
    "logs:TagResource",
)
