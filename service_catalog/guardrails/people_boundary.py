"""A boundary to put on the roles of people and of Studio: they work with SageMaker, and raise nobody's rights.

What starts a build or changes a pipeline runs as another role, so that of Service Catalog, CodeBuild and CodePipeline
only what is named here is possible.
"""

from __future__ import annotations

from typing import Any

PEOPLE = "SageMakerMlopsPeopleBoundary"
_REVIEWERS = ["arn:${AWS::Partition}:iam::*:role/ModelReviewer*"]
_SERVICES = (
    "athena", "cloudwatch", "codecommit", "ecr", "events", "glue", "kms", "logs", "s3", "sagemaker",
    "sagemaker-mlflow", "sns", "ssm", "tag",
)  # fmt: skip
_NAMED = [
    "codebuild:BatchGet*",
    "codebuild:Describe*",
    "codebuild:List*",
    "codeconnections:Get*",
    "codeconnections:List*",
    "codepipeline:Get*",
    "codepipeline:List*",
    "codepipeline:StartPipelineExecution",
    "codepipeline:StopPipelineExecution",
    "ec2:Describe*",
    "iam:Get*",
    "iam:List*",
    "servicecatalog:Describe*",
    "servicecatalog:Get*",
    "servicecatalog:List*",
    "servicecatalog:ProvisionProduct",
    "servicecatalog:ScanProvisionedProducts",
    "servicecatalog:SearchProducts",
    "servicecatalog:SearchProvisionedProducts",
    "servicecatalog:TerminateProvisionedProduct",
    "servicecatalog:UpdateProvisionedProduct",
]

_KEYS_AND_DOORS = [
    "ecr:*Policy",
    "events:*Permission",
    "glue:*ResourcePolicy",
    "kms:DisableKey*",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "logs:DeleteLogGroup",
    "logs:PutResourcePolicy",
    "logs:PutSubscriptionFilter",
    "s3:*AccessPoint*",
    "s3:DeleteBucket*",
    "s3:PutAccountPublicAccessBlock",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutReplicationConfiguration",
    "sagemaker:DeleteModelPackage*",
    "sagemaker:PutModelPackageGroupPolicy",
    "sns:AddPermission",
    "ssm:*Command",
    "ssm:*Session",
    "ssm:StartAutomationExecution",
]


def people_boundary() -> dict[str, Any]:
    """Work with the services of a project; never identities, never the switches that keep data safe."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Work",
                "Effect": "Allow",
                "Action": [*(f"{service}:*" for service in _SERVICES), *_NAMED],
                "Resource": "*",
            },
            {
                "Sid": "GrantsForServicesOnly",
                "Effect": "Deny",
                "Action": "kms:CreateGrant",
                "Resource": "*",
                "Condition": {"BoolIfExists": {"kms:GrantIsForAWSResource": "false"}},
            },
            {
                "Sid": "JobsRunAsRolesOfProjects",
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/sagemaker-mlops/*-training-pipeline",
                "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            },
            {"Sid": "KeysAndDoors", "Effect": "Deny", "Action": _KEYS_AND_DOORS, "Resource": "*"},
            {
                "Sid": "MakersStayAsTheyAre",
                "Effect": "Deny",
                "Action": ["s3:Delete*", "s3:Put*"],
                "Resource": [
                    "arn:${AWS::Partition}:s3:::sagemaker-mlops-????????????-*",
                    "arn:${AWS::Partition}:s3:::sagemaker-mlops-pushes-*",
                    "arn:${AWS::Partition}:s3:::*-pipeline-????????????/*",
                ],
            },
            {
                "Sid": "BindingsStay",
                "Effect": "Deny",
                "Action": ["ssm:DeleteParameter*", "ssm:PutParameter"],
                "Resource": [
                    f"arn:${{AWS::Partition}}:ssm:*:*:parameter/*/{name}/*" for name in ("bindings", "released")
                ],
            },
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
