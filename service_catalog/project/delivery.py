"""CI of both repositories: what model-deploy's own templates make, and its counterpart for model-build."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import Fn
from constructs import Construct

from service_catalog.project.accounts import Accounts
from service_catalog.project.build_pipeline import BuildPipeline
from service_catalog.project.build_token_role import BuildTokenRole
from service_catalog.project.form import Form
from service_catalog.project.included import Included
from service_catalog.project.repositories import PARTS, OwnRepositories, Repositories
from service_catalog.project.seed import Seed


@dataclass(frozen=True)
class Delivery:
    """What others need of it: the topic for people, and outputs of the stack by name, with what they are for."""

    topic: cdk.CfnResource
    topic_policy: cdk.CfnResource
    outputs: dict[str, tuple[str, str]]
    bucket: cdk.CfnResource | None = None
    build_pipeline: cdk.CfnResource | None = None
    pipelines: tuple[cdk.CfnResource, ...] = ()


def in_codepipeline(
    scope: Construct, form: Form, accounts: Accounts, repositories: OwnRepositories, seed: Seed, key_arn: str
) -> Delivery:
    """Builds, what starts them, and a pipeline for each repository."""
    ci = "codepipeline"
    shared = {"ProjectSlug": form.slug, "ArtifactKeyArn": key_arn}
    events = Included(
        scope,
        "DeployEvents",
        "events",
        ci,
        {
            **shared,
            "CodeCommitRepositoryName": repositories.of["Deploy"].codecommit,
            "NotificationEmail": form.value("NotificationEmail"),
        },
        {"HasCodeCommit": Fn.condition_equals(repositories.connection, "")},
    )
    Included(scope, "DeployBuilds", "builds", ci, {**shared, "StageAccountIds": accounts.stages()})
    pipeline = Included(
        scope,
        "DeployPipeline",
        "pipeline",
        ci,
        {
            **shared,
            "RepositoryName": repositories.name("Deploy"),
            "ConnectionArn": repositories.connection,
            "TopicArn": events.output("TopicArn"),
        },
    )
    bucket = pipeline.resource("Artifacts")
    build = BuildPipeline(scope, "Build", repositories, bucket, key_arn, events.resource("Undelivered"))
    seed.before(pipeline.resource("Pipeline"), events.resource("Commit"), build.pipeline, build.commit)
    console = "https://${AWS::Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/"
    path = "${SageMakerProjectName}-{part}/view?region=${AWS::Region}"
    outputs = {
        f"{part}PipelineUrl": (Fn.sub(console + path.replace("{part}", part.lower())), f"CI of model-{part.lower()}")
        for part in PARTS
    }
    return Delivery(
        events.resource("Topic"),
        events.resource("TopicPolicy"),
        outputs,
        bucket,
        build.pipeline,
        (pipeline.resource("Pipeline"), build.pipeline),
    )


def elsewhere(
    scope: Construct, form: Form, ci: str, accounts: Accounts, repositories: Repositories, key_arn: str
) -> Delivery:
    """Roles for GitHub's or GitLab's tokens, and the way of approvals to the repository."""
    subject = {
        "github": {"RepositorySubject": "DeployRepositorySubject"},
        "gitlab": {
            "ProjectPath": "DeployRepository",
            "GitLabHost": "GitLabHost",
            "ProtectedEnvironments": "ProtectedEnvironments",
        },
    }[ci]
    roles = Included(
        scope,
        "DeployCi",
        "ci",
        ci,
        {
            "ProjectSlug": form.slug,
            "StageAccountIds": accounts.stages(),
            "OidcProviderArn": form.value("OidcProviderArn"),
            **{parameter: form.value(field) for parameter, field in subject.items()},
        },
        {"NeedsProvider": Fn.condition_equals("no", "yes")},
    )
    approvals = Included(
        scope,
        "Approvals",
        "approvals",
        ci,
        {
            "ProjectSlug": form.slug,
            "ArtifactKeyArn": key_arn,
            "ConnectionArn": repositories.connection,
            "ConnectionId": Fn.select(1, Fn.split("/", repositories.connection)),
            "RepositoryPath": repositories.of["Deploy"].path,
            "CommitterEmail": form.value("CommitterEmail"),
            "NotificationEmail": form.value("NotificationEmail"),
        },
    )
    build = BuildTokenRole(scope, "BuildCi", ci, form.value("OidcProviderArn"))
    variable = "Value of the CI variable"
    outputs = {
        "BuildCiRoleArn": (build.role.attr_arn, f"{variable} MLOPS_CI_ROLE_ARN of model-build"),
        "DeployCiRoleArn": (roles.output("RoleArn"), f"{variable} MLOPS_CI_ROLE_ARN of model-deploy"),
        "DeployCiProductionRoleArn": (
            roles.output("ProductionRoleArn"),
            f"{variable} MLOPS_CI_PRODUCTION_ROLE_ARN of model-deploy",
        ),
        "CiRegion": (cdk.Aws.REGION, f"{variable} MLOPS_REGION of both"),
    }
    return Delivery(approvals.resource("Topic"), approvals.resource("TopicPolicy"), outputs)
