"""One stage, ready to be looked at or changed: its settings, bindings, clients and approved packages."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from model_deploy.aws import Aws, message_of
from model_deploy.bindings import load_bindings
from model_deploy.errors import AwsError, NotApprovedError, UsageError
from model_deploy.infrastructure import Infrastructure, infrastructure_of
from model_deploy.registry import (
    Kept,
    Package,
    registered_package,
    resolve_challenger,
    resolve_package,
)
from model_deploy.settings import STAGES, Settings, StageName, load_settings
from model_deploy.values import Deployment


@dataclasses.dataclass
class StageContext:
    """What a command works on; the package of `deployment` is the one to deploy, not the deployed one.

    `kept` says why that is the deployed one all the same.
    """

    deployment: Deployment
    aws: Aws
    infrastructure: Infrastructure
    root: Path
    kept: str = ""

    @property
    def settings(self) -> Settings:
        return self.deployment.settings

    @property
    def endpoint_name(self) -> str:
        return self.deployment.name()

    def of(self, deployment: Deployment) -> StageContext:
        """The same stage, with something else to deploy."""
        if deployment == self.deployment:
            return self
        infrastructure = infrastructure_of(deployment, self.aws, self.root)
        return dataclasses.replace(self, deployment=deployment, infrastructure=infrastructure)

    @property
    def serves(self) -> bool:
        stage = self.settings.stages[self.deployment.stage]
        return bool(stage.endpoint or stage.serverless)

    def require_deployed(self) -> dict[str, str]:
        """Outputs of the deployed stage.

        Raises:
            AwsError: nothing is deployed.
        """
        outputs = self.infrastructure.outputs()
        if not outputs.get("DataBucket"):
            stage = self.deployment.stage
            raise AwsError(f"{self.deployment.name()} is not deployed; `deploy --stage {stage}` does that")
        return outputs


def stage_name(text: str) -> StageName:
    """The stage a person has typed.

    Raises:
        UsageError: there is none of that name.
    """
    for name in STAGES:
        if name == text:
            return name
    raise UsageError(f"--stage {text!r} is not accepted; expected {' or '.join(STAGES)}")


def open_stage(stage: str, root: Path, asked: str = "", resolve: bool = True) -> StageContext:
    """A stage of the project at `root`, with the package to deploy unless `resolve` says that it isn't needed.

    Raises:
        UsageError: settings, bindings or the package asked for are not accepted.
        NotApprovedError: that package is not approved.
        AwsError: the credentials are of another account than the stage's.
    """
    settings, name = load_settings(root), stage_name(stage)
    bindings = load_bindings(settings, name, root)
    aws = Aws(bindings)
    deployment = Deployment(settings, bindings, name, None)
    context = StageContext(deployment, aws, infrastructure_of(deployment, aws, root), root)
    if not resolve:
        return context
    client = aws.registry("sagemaker")
    package = resolve_package(client, settings, bindings, root, asked)
    if isinstance(package, Kept):
        context = dataclasses.replace(context, kept=package.reason)
        package = _running(context)
    challenger = resolve_challenger(client, settings, bindings, settings.stages[name]) if package else None
    return context.of(dataclasses.replace(deployment, package=package, challenger=challenger))


def require_account(context: StageContext) -> None:
    """Nothing is changed in an account other than the one the bindings name.

    Raises:
        AwsError: the stage's credentials are of another account, or the deploy role can't be assumed.
    """
    from botocore.exceptions import ClientError

    bindings = context.deployment.bindings
    try:
        account = context.aws.stage("sts").get_caller_identity()["Account"]
    except ClientError as error:
        if error.operation_name != "AssumeRole":
            raise
        raise AwsError(
            f"binding deploy_role_arn = {bindings.deploy_role_arn} can't be assumed: {message_of(error)}"
        ) from error
    if account != bindings.account_id:
        raise AwsError(
            f"these credentials are of account {account}, {context.deployment.stage} is in {bindings.account_id}; "
            "use that account's, or give binding deploy_role_arn"
        )


def _running(context: StageContext) -> Package | None:
    """The package that the stage runs, approved or not; None if it runs none, or the registry has lost it."""
    arn, deployment = context.infrastructure.deployed_package(), context.deployment
    client = context.aws.registry("sagemaker")
    if not arn:
        return None
    try:
        return registered_package(client, arn, deployment.settings, deployment.bindings, "the deployed model")
    except NotApprovedError:
        return None


def deployed_package(context: StageContext) -> Any:
    """The package that the stage runs, whatever has been decided about it since; None if it runs none.

    Raises:
        NotApprovedError: the registry has lost it.
    """
    arn = context.infrastructure.deployed_package()
    if not arn:
        return None
    deployment = context.deployment
    client = context.aws.registry("sagemaker")
    return registered_package(client, arn, deployment.settings, deployment.bindings, "the deployed model")


def package_to_deploy(context: StageContext) -> Package | Kept | None:
    """What `deploy` would take now, for a context that was opened without it; None if nothing has been approved.

    Raises:
        NotApprovedError: the one that CI names isn't approved any more.
    """
    deployment = context.deployment
    client = context.aws.registry("sagemaker")
    return resolve_package(client, deployment.settings, deployment.bindings, context.root)
