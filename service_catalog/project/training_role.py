"""The role of model-build's pipelines and of the jobs they start."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from service_catalog.project.policies import SLUG, allow, arn, assumed_by, bucket_arn, role, role_arn

NAME = f"{SLUG}-training-pipeline"
BUCKET = f"{SLUG}-artifacts-????????????"
JOBS = ("processing-job", "training-job")
PROJECT_TAG = "sagemaker:project-name"


class TrainingRole(Construct):
    def __init__(self, scope: Construct, construct_id: str, key_arn: str) -> None:
        super().__init__(scope, construct_id)
        self.role = role(
            self,
            "Role",
            NAME,
            assumed_by("sagemaker.amazonaws.com"),
            f"Pipelines of {SLUG} and their jobs",
            *_jobs(),
            *_models(),
            *_data(key_arn),
            *_surroundings(),
        )


def _jobs() -> list[dict[str, Any]]:
    """Names of a pipeline's jobs begin with its execution's, so the tag says whose they are."""
    jobs = [arn("sagemaker", f"{kind}/pipelines-*") for kind in JOBS]
    slug = cdk.Fn.ref("SageMakerProjectName")
    return [
        allow(
            "NewJobs",
            ["sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"],
            jobs,
            {
                "StringEquals": {f"aws:RequestTag/{PROJECT_TAG}": slug},
                "Bool": {
                    "sagemaker:NetworkIsolation": "true",
                    "sagemaker:InterContainerTrafficEncryption": "true",
                },
            },
        ),
        allow(
            "TagsOfNewJobs",
            ["sagemaker:AddTags"],
            jobs,
            {
                "StringEquals": {
                    f"aws:RequestTag/{PROJECT_TAG}": slug,
                    "sagemaker:TaggingAction": ["CreateProcessingJob", "CreateTrainingJob"],
                }
            },
        ),
        allow(
            "OwnJobs",
            [
                "sagemaker:DescribeProcessingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:ListTags",
                "sagemaker:StopProcessingJob",
                "sagemaker:StopTrainingJob",
            ],
            jobs,
            {"StringEquals": {f"aws:ResourceTag/{PROJECT_TAG}": slug}},
        ),
        allow(
            "JobsRunAsThis",
            ["iam:PassRole"],
            [role_arn(NAME)],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def _models() -> list[dict[str, Any]]:
    """Registers versions; can't approve one."""
    return [
        allow(
            "NewVersions",
            ["sagemaker:CreateModelPackage"],
            [arn("sagemaker", f"model-package-group/{SLUG}"), arn("sagemaker", f"model-package/{SLUG}/*")],
            {"StringEqualsIfExists": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}},
        ),
        allow(
            "Versions",
            ["sagemaker:DescribeModelPackage", "sagemaker:DescribeModelPackageGroup"],
            [arn("sagemaker", f"model-package-group/{SLUG}"), arn("sagemaker", f"model-package/{SLUG}/*")],
        ),
    ]


def _data(key_arn: str) -> list[dict[str, Any]]:
    own = {"StringEquals": {"aws:ResourceAccount": cdk.Aws.ACCOUNT_ID}}
    return [
        allow("Bucket", ["s3:GetBucketLocation", "s3:ListBucket"], [bucket_arn(BUCKET)], own),
        allow(
            "Data",
            ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            [bucket_arn(f"{BUCKET}/{SLUG}/*")],
            own,
        ),
        allow(
            "Key",
            ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"],
            [key_arn],
        ),
        allow(
            "Image",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [arn("ecr", f"repository/{SLUG}-model-build")],
        ),
    ]


def _surroundings() -> list[dict[str, Any]]:
    return [
        allow(
            "Logs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [arn("logs", f"log-group:/aws/sagemaker/{kind}*") for kind in ("ProcessingJobs", "TrainingJobs")],
        ),
        # These have no resource to name.
        allow(
            "Metrics",
            ["cloudwatch:PutMetricData"],
            "*",
            {"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "aws/sagemaker/*"]}},
        ),
        allow(
            "Network",
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "ecr:GetAuthorizationToken",
            ],
            "*",
        ),
    ]
