"""The project stack: parts of the project's own bootstrap templates, and what only this stack has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from aws_cdk import cloudformation_include

from service_catalog.launch.boundary import bound_roles
from service_catalog.project.accounts import STAGES, Accounts
from service_catalog.project.artifacts import AccessLogs, tooling
from service_catalog.project.budget import Budget
from service_catalog.project.delivery import Delivery, elsewhere, in_codepipeline
from service_catalog.project.form import Form
from service_catalog.project.included import Included
from service_catalog.project.lookups import Lookups
from service_catalog.project.notifications import Notifications
from service_catalog.project.registry import Registry
from service_catalog.project.repositories import OwnRepositories, Repositories, show_in_studio
from service_catalog.project.rules import add_rules
from service_catalog.project.seed import Seed
from service_catalog.project.stages import StageOfProject
from service_catalog.project.training_role import TrainingRole

SYSTEMS = {"codepipeline": "CodePipeline", "github": "GitHub Actions", "gitlab": "GitLab CI"}
SILENT = {"Form", "Where", "Resource", "Bootstrap", "$Conditions", "$Mappings"}


def build(app: cdk.App, name: str) -> cdk.Stack:
    """The stack of `project-<ci>`."""
    ci = name.removeprefix("project-")
    stack = cdk.Stack(app, name, synthesizer=cdk.LegacyStackSynthesizer(), stack_name=name)
    form = Form(stack, ci)
    accounts = Accounts(stack, "Where", form)
    shared = tooling(stack, form, ci, accounts)
    key_arn = shared.output("ArtifactKeyArn")
    stages = [StageOfProject(stack, stage, form, ci, accounts) for stage in STAGES]
    Registry(stack, "Registry", form, accounts)
    training = TrainingRole(stack, "Training", key_arn)
    if ci == "codepipeline":
        own = OwnRepositories(stack, "Repositories", form)
        seed = Seed(stack, "Seed", form, own)
        delivery = in_codepipeline(stack, form, accounts, own, seed, key_arn)
    else:
        repositories = Repositories(stack, "Repositories", form)
        seed = Seed(stack, "Seed", form, repositories)
        delivery = elsewhere(stack, form, ci, accounts, repositories, key_arn)
    shown = show_in_studio(stack, seed.urls)
    notifications = Notifications(stack, "Notifications", delivery.topic, form.slug)
    if delivery.build_pipeline:
        notifications.of_build_pipeline(delivery.build_pipeline)
    budget = Budget(stack, "Budget", form, delivery.topic, delivery.topic_policy)
    lookups = Lookups(stack, "Lookup", form, training.role.attr_arn)
    _last(delivery.pipelines, [*shown, budget.resource, *lookups.always])
    _log_access(stack, {"artifacts": shared.resource("Bucket"), "pipeline": delivery.bucket, **_states(stages)})
    add_rules(stack, form, ci)
    _outputs(stack, shared, seed, training, delivery)
    _keep_only_what_was_used(stack)
    _tag(stack, form)
    bound_roles(stack)
    _name(stack)
    stack.template_options.description = (
        f"A machine learning project with {SYSTEMS[ci]}: repositories, CI, roles, registry"
    )
    return stack


def _last(pipelines: Sequence[cdk.CfnResource], others: Sequence[cdk.CfnResource]) -> None:
    """A pipeline that has begun has filled its bucket, which then couldn't be deleted if anything else failed."""
    for pipeline in pipelines:
        for other in others:
            pipeline.add_resource_dependency(other)


def _states(stages: Sequence[StageOfProject]) -> dict[str, cdk.CfnResource]:
    return {f"{stage.node.id.lower()}-state": stage.base.resource("StateBucket") for stage in stages}


def _log_access(stack: cdk.Stack, buckets: Mapping[str, cdk.CfnResource | None]) -> None:
    logs = AccessLogs(stack, "AccessLogs")
    for prefix, bucket in buckets.items():
        if isinstance(bucket, s3.CfnBucket):
            logs.follow(bucket, prefix)


def _outputs(stack: cdk.Stack, shared: Included, seed: Seed, training: TrainingRole, delivery: Delivery) -> None:
    """What a person looks for after the stack has come up."""
    values = {
        **{f"{part}RepositoryUrl": (url, f"Repository model-{part.lower()}") for part, url in seed.urls.items()},
        **delivery.outputs,
        "ArtifactBucketName": (shared.output("ArtifactBucket"), "Data for training go to <this>/<project>/data/"),
        "ImageRepository": (shared.output("ImageRepositoryUri"), "Images of jobs and server"),
        "TrainingRoleArn": (training.role.attr_arn, "Role of the training pipeline and its jobs"),
        "NotificationTopicArn": (delivery.topic.ref, "Tells of failures, and of models that wait for approval"),
    }
    for name, (value, told) in values.items():
        cdk.CfnOutput(stack, name, value=value, description=told)


def _keep_only_what_was_used(stack: cdk.Stack) -> None:
    """A stack that can't be made leaves nothing behind that would be in the way of the next attempt."""
    for each in stack.node.find_all():
        if isinstance(each, cdk.CfnResource) and each.cfn_options.deletion_policy == cdk.CfnDeletionPolicy.RETAIN:
            each.cfn_options.deletion_policy = cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE


def _tag(stack: cdk.Stack, form: Form) -> None:
    tags = {
        "sagemaker:project-name": form.slug,
        "sagemaker:project-id": form.value("SageMakerProjectId"),
        "cost-center": form.value("CostCenter"),
        "owner": form.value("Owner"),
    }
    for key, value in tags.items():
        cdk.Tags.of(stack).add(key, value, exclude_resource_types=["aws:cdk:stack"])


def _name(stack: cdk.Stack) -> None:
    """Ids of the template are the names of their constructs, since people read it and its events."""
    for each in stack.node.find_all():
        if isinstance(each, cdk.CfnElement) and not isinstance(each, cloudformation_include.CfnInclude):
            scopes = each.node.path.split("/")[1:]
            each.override_logical_id("".join(name for name in scopes if name not in SILENT))
