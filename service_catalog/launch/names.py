"""What a project stack calls its things, each with `*` for the project's short name: what launch roles may touch."""

from __future__ import annotations

BOUNDARY = "SageMakerMlopsBoundary"
PATH = "/sagemaker-mlops/"
STAGES = ("staging", "production")
BUILD_ROLES = (
    "build-ci", "build-test", "deploy-test", "deploy-ci", "deploy-ci-production", "approvals-build",
)  # fmt: skip
PIPELINE_ROLES = ("build-pipeline", "deploy-pipeline")
EVENT_ROLES = ("build-start", "deploy-start", "approvals-start")
DEPLOY_ROLES = tuple(f"{stage}-deploy" for stage in STAGES)
TRAINING_ROLES = ("training-pipeline",)
ROLES = (*BUILD_ROLES, *PIPELINE_ROLES, *EVENT_ROLES, *DEPLOY_ROLES, *TRAINING_ROLES)
ATTACHED_POLICIES = tuple(f"{stage}-deploy-operation" for stage in STAGES)
POLICIES = (*ATTACHED_POLICIES, *(f"{stage}-boundary" for stage in STAGES))
BUCKETS = ("artifacts", "pipeline", "access-logs", *(f"{stage}-state" for stage in STAGES))
ALIASES = ("artifacts", *STAGES)
PROJECTS = (
    "approvals", "build-publish", "build-test", "deploy-production", "deploy-resolve", "deploy-staging", "deploy-test",
)  # fmt: skip
PIPELINES = ("build", "deploy")
REPOSITORIES = ("model-build", "model-deploy")
TOPICS = ("approvals-notifications", "deploy-notifications")
QUEUES = ALARMS = ("approvals-undelivered", "deploy-undelivered")
RULES = (
    "approvals", "approvals-failure", "approvals-registered", "build-commit", "build-failure", "deploy-approval",
    "deploy-commit", "deploy-failure", "model-registered", "pipeline-failure",
)  # fmt: skip
BUDGETS = ("training",)


def arn(service: str, resource: str, region: str = "${AWS::Region}") -> str:
    return f"arn:${{AWS::Partition}}:{service}:{region}:${{AWS::AccountId}}:{resource}"


def iam_arn(resource: str) -> str:
    return arn("iam", resource, "")


def every(service: str, kind: str, names: tuple[str, ...]) -> list[str]:
    """ARNs of the projects' things of one kind: `*-<name>` for each name."""
    return [arn(service, f"{kind}*-{name}") for name in names]


def roles(names: tuple[str, ...]) -> list[str]:
    return [iam_arn(f"role{PATH}*-{name}") for name in names]


BOUNDARY_ARN = iam_arn(f"policy/{BOUNDARY}")
