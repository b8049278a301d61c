"""The services that private subnets reach by interface endpoints, and what those cost."""

from __future__ import annotations

JOBS = {
    "SagemakerApi": "sagemaker.api",
    "SagemakerRuntime": "sagemaker.runtime",
    "EcrApi": "ecr.api",
    "EcrDocker": "ecr.dkr",
    "Logs": "logs",
    "Monitoring": "monitoring",
    "Sts": "sts",
    "Kms": "kms",
}
BUILDS = {
    "Ssm": "ssm",
    "CodeCommit": "codecommit",
    "GitCodeCommit": "git-codecommit",
    "CodeBuild": "codebuild",
    "CodePipeline": "codepipeline",
    "Events": "events",
    "Sns": "sns",
    "CloudFormation": "cloudformation",
    "ApplicationAutoScaling": "application-autoscaling",
    "CodeArtifactApi": "codeartifact.api",
    "CodeArtifactRepositories": "codeartifact.repositories",
}
CONNECTIONS = {"CodeConnections": "codeconnections.api"}
# Roughly, in us-east-1 (AWS PrivateLink's price list); data come on top, about 0.01 per GB.
USD_PER_ENDPOINT_ZONE_HOUR = 0.01
HOURS_PER_MONTH = 730


def monthly_usd(endpoints: int, zones: int) -> float:
    """What the endpoints cost that only stand there, in US dollars a month."""
    return endpoints * zones * USD_PER_ENDPOINT_ZONE_HOUR * HOURS_PER_MONTH
