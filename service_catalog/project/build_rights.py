"""What CI of model-build may do on main, whichever CI system that is: publish the image, update and start pipelines."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from service_catalog.project import training_role
from service_catalog.project.policies import OWN_BUCKETS, SLUG, allow, arn, bucket_arn, role_arn

PIPELINES = ("training",)
NAME = f"{SLUG}-build-ci"


def statements() -> list[dict[str, Any]]:
    """It can't approve a model, and starts no other pipeline than the project's own."""
    pipelines = [arn("sagemaker", f"pipeline/{SLUG}-{name}") for name in PIPELINES]
    executions = [arn("sagemaker", f"pipeline/{SLUG}-{name}/execution/*") for name in PIPELINES]
    bindings = f"parameter/{SLUG}/bindings"
    return [
        allow("Bindings", ["ssm:GetParameters"], [arn("ssm", f"{bindings}/*")]),
        allow(
            "Image",
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImages",
                "ecr:GetDownloadUrlForLayer",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ],
            [arn("ecr", f"repository/{SLUG}-model-build")],
        ),
        # It has no resource to name.
        allow("RegistryOfImages", ["ecr:GetAuthorizationToken"], "*"),
        allow(
            "Pipelines",
            [
                "sagemaker:AddTags",
                "sagemaker:CreatePipeline",
                "sagemaker:DescribePipeline",
                "sagemaker:ListPipelineExecutions",
                "sagemaker:StartPipelineExecution",
                "sagemaker:UpdatePipeline",
            ],
            pipelines,
        ),
        allow(
            "Executions", ["sagemaker:DescribePipelineExecution", "sagemaker:ListPipelineExecutionSteps"], executions
        ),
        allow(
            "PipelinesRunAsTheirRole",
            ["iam:PassRole"],
            [role_arn(training_role.NAME)],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        allow(
            "Group",
            [
                "sagemaker:AddTags",
                "sagemaker:DescribeModelPackageGroup",
                # Only the stack changes it: code on main could give approving away with it.
                "sagemaker:GetModelPackageGroupPolicy",
            ],
            [arn("sagemaker", f"model-package-group/{SLUG}")],
        ),
        allow(
            "DataVersion",
            ["s3:ListBucket"],
            [bucket_arn(training_role.BUCKET)],
            {**OWN_BUCKETS, "StringLike": {"s3:prefix": cdk.Fn.sub(f"{SLUG}/*")}},
        ),
    ]
