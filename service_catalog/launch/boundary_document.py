"""The most that any role of a project stack can ever do, whatever policies it is given.

It stands once an account, for all Regions. An action that isn't listed is never possible, and hardly one is
possible on names that aren't a project's. Statements bear no Sid: a managed policy has 6,144 characters.
"""

from __future__ import annotations

from typing import Any

from service_catalog.launch.boundary_names import (
    DATA_BUCKETS,
    MADE_BY_DEPLOYMENTS,
    NEVER,
    USE,
    WORK,
    any_arn,
    any_bucket,
    any_role,
)
from service_catalog.launch.names import STAGES

Statement = dict[str, Any]
_TAG = "aws:ResourceTag/sagemaker:project-name"
_SAME_PROJECT = {"StringEquals": {_TAG: "${aws:PrincipalTag/sagemaker:project-name}"}}
_SCALING = "sagemaker.application-autoscaling.amazonaws.com"
_OUR_KEYS = ["alias/*-artifacts", *(f"alias/*-{stage}" for stage in STAGES), "alias/aws/*"]
_CONNECTIONS = ("codeconnections", "codestar-connections")
_EVERYTHING = ["*"]


def boundary_document() -> dict[str, Any]:
    """What projects' roles share: their stages' things, data, builds, roles; and what none of them may touch."""
    statements = [*_without_names(), *_work(), *_own(), *_roles(), *_never()]
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], resources: list[str], **condition: Any) -> Statement:
    return _statement("Allow", actions, resources, **condition)


def _deny(actions: list[str], resources: list[str], **condition: Any) -> Statement:
    return _statement("Deny", actions, resources, **condition)


def _statement(effect: str, actions: list[str], resources: list[str], **condition: Any) -> Statement:
    made: Statement = {"Effect": effect, "Action": actions, "Resource": resources}
    return {**made, "Condition": condition} if condition else made


def _without_names() -> list[Statement]:
    of_sagemaker = {"application-autoscaling:service-namespace": "sagemaker"}
    return [
        _allow(
            [
                "cloudformation:GetTemplateSummary",
                "cloudformation:ValidateTemplate",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetMetric*",
                "cloudwatch:PutMetricData",
                "ec2:CreateNetworkInterface*",
                "ec2:DeleteNetworkInterface*",
                "ec2:Describe*",
                "ecr:GetAuthorizationToken",
                "kms:*crypt*",
                "kms:DescribeKey",
                "kms:GenerateDataKey*",
                "logs:DescribeLogGroups",
                "s3:ListAllMyBuckets",
                "sagemaker:DescribeEndpoint",
                "sagemaker:List*",
                "servicequotas:List*",
                "sns:GetSubscriptionAttributes",
                "sns:Unsubscribe",
            ],
            _EVERYTHING,
        ),
        _allow(["kms:CreateGrant"], _EVERYTHING, Bool={"kms:GrantIsForAWSResource": "true"}),
        _allow(["application-autoscaling:*"], _EVERYTHING, StringEqualsIfExists=of_sagemaker),
    ]


def _work() -> list[Statement]:
    services = ("budgets", "cloudformation", "cloudwatch", "events", "logs", "sagemaker", "scheduler", "sns", "sqs")
    return [
        _allow([f"{service}:*" for service in services], WORK),
        _allow(
            [
                *("codecommit:*UploadArchive", "codecommit:Get*", "codecommit:GitPull"),
                *("codepipeline:StartPipelineExecution", "ecr:*Layer*", "ecr:BatchGetImage", "ecr:DescribeImages"),
                *("ecr:PutImage", "logs:CreateLog*", "logs:DescribeLogStreams", "logs:PutLogEvents"),
                *("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:Get*", "s3:ListBucket*", "s3:PutObject"),
                *("sagemaker:CreateModel", "sagemaker:CreateModelPackage", "sagemaker:DescribeModelPackage*"),
                *("sns:Publish", "ssm:GetParameter*"),
            ],
            USE,
        ),
        _allow(
            [
                *("iam:CreateServiceLinkedRole", "iam:PassRole"),
                *("s3:*Bucket*", "s3:*Configuration", "s3:PutObjectAcl", "ssm:PutParameter"),
            ],
            [
                *(any_role(f"aws-service-role/{_SCALING}/*"), any_role("sagemaker-mlops/*-training-pipeline")),
                *(*DATA_BUCKETS, any_bucket("*-pipeline-????????????/*"), any_arn("ssm", "parameter/*/released/*")),
            ],
        ),
    ]


def _own() -> list[Statement]:
    """On what has a tag, only with the tag of the role's own project."""
    builds = [any_arn("codebuild", f"project/*-{name}") for name in ("approvals", "build-*", "deploy-*")]
    return [
        _allow(
            [
                *("codebuild:BatchGetBuilds", "codebuild:StartBuild"),
                *("iam:DeleteRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole*"),
                *("sagemaker:AddTags", "sagemaker:GetModelPackageGroupPolicy"),
            ],
            [
                *builds,
                *(any_role("*-execution"), any_role("*-trigger")),
                any_arn("sagemaker", "model-package-group/*"),
            ],
            **_SAME_PROJECT,
        ),
        _allow(
            [f"{each}:UseConnection" for each in _CONNECTIONS],
            [any_arn(each, "connection/*") for each in _CONNECTIONS],
            StringEqualsIgnoreCase={"aws:ResourceTag/sagemaker": "true"},
        ),
    ]


def _roles() -> list[Statement]:
    bounded = ["iam:CreateRole", "iam:DeleteRolePolicy", "iam:PutRole*"]
    services = [f"{service}.amazonaws.com" for service in ("sagemaker", "events", "scheduler")]
    return [
        _allow([*bounded, "iam:GetRole*", "iam:List*Role*", "iam:PassRole", "iam:TagRole"], MADE_BY_DEPLOYMENTS),
        _deny(
            bounded,
            _EVERYTHING,
            ArnNotLike={"iam:PermissionsBoundary": "arn:*:iam::*:policy/sagemaker-mlops/*-boundary"},
        ),
        _deny(["iam:PassRole"], _EVERYTHING, StringNotEquals={"iam:PassedToService": services}),
        _allow(["sts:AssumeRole"], [any_role(f"sagemaker-mlops/*-{stage}-deploy") for stage in STAGES]),
    ]


def _never() -> list[Statement]:
    account = {"aws:ResourceAccount": "${AWS::AccountId}"}
    return [
        {
            "Effect": "Deny",
            # A subnet may be another account's, shared with this one.
            "NotAction": ["ec2:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": account, "Null": {"aws:ResourceAccount": "false"}},
        },
        _deny(["kms:*"], _EVERYTHING, **{"ForAnyValue:StringNotLike": {"kms:ResourceAliases": _OUR_KEYS}}),
        _deny(
            [
                *("logs:PutResourcePolicy", "logs:PutSubscriptionFilter", "s3:*AccessPoint*", "s3:PutBucketAcl"),
                *("s3:PutReplicationConfiguration", "sns:AddPermission", "sqs:AddPermission"),
            ],
            _EVERYTHING,
        ),
        _deny(_EVERYTHING, NEVER),
    ]
