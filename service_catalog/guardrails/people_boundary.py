"""A boundary to put on the roles of people and of Studio: they work with SageMaker, and raise nobody's rights."""

from __future__ import annotations

from typing import Any

PEOPLE = "SageMakerMlopsPeopleBoundary"
_REVIEWERS = ["arn:${AWS::Partition}:iam::*:role/ModelReviewer*"]
_SERVICES = (
    "athena", "cloudwatch", "codebuild", "codecommit", "codeconnections", "codepipeline", "ecr", "events", "glue",
    "kms", "logs", "s3", "sagemaker", "sagemaker-mlflow", "servicecatalog", "sns", "ssm", "tag",
)  # fmt: skip

_KEYS_AND_DOORS = [
    "codeconnections:CreateConnection",
    "codeconnections:DeleteConnection",
    "events:PutPermission",
    "kms:DisableKey*",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "logs:DeleteLogGroup",
    "logs:PutResourcePolicy",
    "s3:DeleteBucket*",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "servicecatalog:Associate*",
    "servicecatalog:Create*Share",
    "servicecatalog:CreateConstraint",
    "servicecatalog:DeleteConstraint",
    "servicecatalog:UpdateConstraint",
]


def people_boundary() -> dict[str, Any]:
    """Work with the services of a project; never identities, never the switches that keep data safe."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Work",
                "Effect": "Allow",
                "Action": [*(f"{service}:*" for service in _SERVICES), "ec2:Describe*", "iam:Get*", "iam:List*"],
                "Resource": "*",
            },
            {
                "Sid": "JobsRunAsRolesOfProjects",
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*-pipeline",
                "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            },
            {
                "Sid": "ProjectsFromStudio",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/SageMakerMlopsProjectsLaunch",
            },
            {"Sid": "KeysAndDoors", "Effect": "Deny", "Action": _KEYS_AND_DOORS, "Resource": "*"},
            {
                "Sid": "OnlyReviewersDecide",
                "Effect": "Deny",
                "Action": ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {"sagemaker:ModelApprovalStatus": ["Approved", "Rejected"]},
                    "ArnNotLike": {"aws:PrincipalArn": _REVIEWERS},
                },
            },
        ],
    }
