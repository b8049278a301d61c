"""Names within which every role of a project stays, in every Region; a policy's length forbids more of each."""

from __future__ import annotations

from service_catalog.launch.names import STAGES


def any_arn(service: str, resource: str) -> str:
    return f"arn:*:{service}:*:*:{resource}"


def of_stages(*patterns: tuple[str, str]) -> list[str]:
    """ARNs of each (service, resource) for both stages; `{}` in a resource stands for the stage."""
    return [any_arn(service, resource.format(stage)) for stage in STAGES for service, resource in patterns]


def any_role(name: str) -> str:
    return f"arn:*:iam::*:role/{name}"


def any_bucket(name: str) -> str:
    return f"arn:*:s3:::{name}"


MADE_BY_DEPLOYMENTS = [any_role(f"*-{stage}-{name}") for stage in STAGES for name in ("execution", "trigger")]
DATA_BUCKETS = [any_bucket(f"*-{stage}-????????????") for stage in STAGES]
BUCKETS_AND_OBJECTS = [any_bucket(f"*-{name}-????????????*") for name in ("artifacts", "pipeline", *STAGES)]
WORK = [
    *of_stages(
        ("budgets", "*-{}*"),
        ("cloudformation", "stack/*-{}-*"),
        ("cloudwatch", "*-{}*"),
        ("events", "*-{}-*"),
        ("logs", "log-group:/*-{}*"),
        ("sagemaker", "endpoint/*-{}*"),
        ("sagemaker", "pipeline/*-{}*"),
        ("scheduler", "*-{}-*"),
        ("sns", "*-{}-*"),
        ("sqs", "*-{}-*"),
    ),
    *(
        any_arn("sagemaker", name)
        for name in (
            *("endpoint-config/*", "model/*", "pipeline/*-training*"),
            *("processing-job/pipelines-*", "training-job/pipelines-*"),
        )
    ),
]
USE = [
    *BUCKETS_AND_OBJECTS,
    any_arn("codecommit", "*-model-*"),
    any_arn("codepipeline", "*-build"),
    any_arn("codepipeline", "*-deploy"),
    any_arn("ecr", "repository/*-model-build"),
    any_arn("logs", "log-group:/aws/codebuild/*"),
    any_arn("logs", "log-group:/aws/sagemaker/*"),
    any_arn("sagemaker", "model-package/*"),
    any_arn("sagemaker", "model-package-group/*"),
    any_arn("sns", "*-notifications"),
    any_arn("ssm", "parameter/*/bindings*"),
    any_arn("ssm", "parameter/*/released/*"),
]
NEVER = [
    any_arn("cloudformation", "stack/S?-*"),
    any_arn("cloudformation", "stack/sagemaker-mlops-*"),
    any_arn("codebuild", "project/sagemaker-mlops-*"),
    any_bucket("sagemaker-mlops-????????????-*"),
    any_bucket("sagemaker-mlops-pushes-*"),
    any_role("SageMakerMlops*"),
    any_role("sagemaker-mlops-seeder-*"),
]
