"""The most that any role of a project stack can ever do, whatever policies it is given."""

from __future__ import annotations

from typing import Any

from service_catalog.launch.names import BOUNDARY, STAGES, iam_arn

_MADE_BY_DEPLOYMENTS = [iam_arn(f"role/*-{stage}-{name}") for stage in STAGES for name in ("execution", "trigger")]
_SCALING = "sagemaker.application-autoscaling.amazonaws.com"
_ELSEWHERE = "arn:${AWS::Partition}:iam::*:role"


def boundary_document() -> dict[str, Any]:
    """Services of a project's life; of IAM only the roles that deployments make, within their stage's boundary."""
    return {"Version": "2012-10-17", "Statement": [_work(), *_roles(), *_never()]}


def _work() -> dict[str, Any]:
    return {
        "Sid": "WorkOfProjects",
        "Effect": "Allow",
        "Action": [
            "application-autoscaling:*",
            "budgets:ListTagsForResource",
            "budgets:ModifyBudget",
            "budgets:TagResource",
            "budgets:UntagResource",
            "budgets:ViewBudget",
            "cloudformation:*",
            "cloudwatch:*",
            "codebuild:BatchGet*",
            "codebuild:CreateReport*",
            "codebuild:StartBuild",
            "codebuild:UpdateReport",
            "codecommit:CancelUploadArchive",
            "codecommit:Get*",
            "codecommit:GitPull",
            "codecommit:UploadArchive",
            "codeconnections:UseConnection",
            "codepipeline:StartPipelineExecution",
            "codestar-connections:UseConnection",
            "ec2:*NetworkInterface",
            "ec2:*NetworkInterfacePermission",
            "ec2:Describe*",
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:Describe*",
            "ecr:Get*",
            "ecr:InitiateLayerUpload",
            "ecr:ListImages",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
            "events:*",
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
            "logs:*",
            "s3:*",
            "sagemaker:*",
            "scheduler:*",
            "servicequotas:ListServiceQuotas",
            "sns:*",
            "sqs:*",
            "ssm:GetParameter",
            "ssm:GetParameters",
            "ssm:GetParametersByPath",
            "ssm:PutParameter",
        ],
        "Resource": "*",
    }


def _roles() -> list[dict[str, Any]]:
    within = [iam_arn(f"policy/*-{stage}-boundary") for stage in STAGES]
    return [
        {
            "Sid": "RolesOfDeployments",
            "Effect": "Allow",
            "Action": [
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            "Resource": _MADE_BY_DEPLOYMENTS,
            "Condition": {"ArnLike": {"iam:PermissionsBoundary": within}},
        },
        {
            "Sid": "KeepingThem",
            "Effect": "Allow",
            "Action": [
                "iam:DeleteRole",
                "iam:GetRole*",
                "iam:List*Role*",
                "iam:ListAttachedRolePolicies",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole*",
            ],
            "Resource": _MADE_BY_DEPLOYMENTS,
        },
        {
            "Sid": "PassingRoles",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": [*_MADE_BY_DEPLOYMENTS, iam_arn("role/*-pipeline")],
            "Condition": {
                "StringEquals": {
                    "iam:PassedToService": [
                        f"{service}.amazonaws.com" for service in ("sagemaker", "events", "scheduler")
                    ]
                }
            },
        },
        {
            "Sid": "AutoscalingsOwnRole",
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": iam_arn(f"role/aws-service-role/{_SCALING}/*"),
            "Condition": {"StringEquals": {"iam:AWSServiceName": _SCALING}},
        },
        {
            "Sid": "DeployRolesOfStages",
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": [f"{_ELSEWHERE}/*-{stage}-deploy" for stage in STAGES],
        },
    ]


def _never() -> list[dict[str, Any]]:
    return [
        {
            "Sid": "NoPublicAndNoForeignWays",
            "Effect": "Deny",
            "Action": [
                "cloudformation:*StackSet*",
                "cloudformation:*Type*",
                "events:PutPermission",
                "logs:PutResourcePolicy",
                "logs:PutSubscriptionFilter",
                "s3:*AccessPoint*",
                "s3:PutAccountPublicAccessBlock",
                "s3:PutBucketAcl",
                "s3:PutObjectAcl",
                "s3:PutReplicationConfiguration",
                "sagemaker:CreateApp",
                "sagemaker:CreateDomain",
                "sagemaker:CreateNotebookInstance*",
                "sagemaker:CreatePresigned*",
                "sagemaker:CreateUserProfile",
                "sagemaker:DeleteModelPackage",
                "sagemaker:DeleteModelPackageGroup",
                "sagemaker:StartSession",
                "sagemaker:UpdateModelPackage",
            ],
            "Resource": "*",
        },
        {
            "Sid": "NotTheMakersOfProjects",
            "Effect": "Deny",
            "Action": "*",
            "Resource": [
                "arn:${AWS::Partition}:cloudformation:*:*:stack/SC-*",
                "arn:${AWS::Partition}:cloudformation:*:*:stack/SP-*",
                "arn:${AWS::Partition}:lambda:*:*:function:sagemaker-mlops-seeder",
                "arn:${AWS::Partition}:s3:::sagemaker-mlops-????????????-*",
                iam_arn(f"policy/{BOUNDARY}"),
                iam_arn("role/SageMakerMlops*"),
                iam_arn("role/sagemaker-mlops-seeder-*"),
            ],
        },
    ]
