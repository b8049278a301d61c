"""Who may take the launch roles."""

from __future__ import annotations

from typing import Any

SERVICE_CATALOG_TRUST: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "ServiceCatalogForThisAccount",
            "Effect": "Allow",
            "Principal": {"Service": "servicecatalog.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"},
                "ArnLike": {"aws:SourceArn": "arn:${AWS::Partition}:servicecatalog:*:${AWS::AccountId}:*"},
            },
        }
    ],
}


def projects_trust(execution_roles: object) -> dict[str, Any]:
    """CloudFormation, and the SageMaker execution roles whose users create projects from S3 templates."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "CloudFormationForThisAccount",
                "Effect": "Allow",
                "Principal": {"Service": "cloudformation.amazonaws.com"},
                "Action": "sts:AssumeRole",
                # Whether CloudFormation tells the account here is not documented; passing a role stays in it anyway.
                "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "${AWS::AccountId}"}},
            },
            {
                "Sid": "UsersOfStudio",
                "Effect": "Allow",
                "Principal": {"AWS": execution_roles},
                "Action": "sts:AssumeRole",
            },
        ],
    }
