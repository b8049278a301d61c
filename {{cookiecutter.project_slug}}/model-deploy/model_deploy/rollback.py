"""Takes a stage back to the model it ran before."""

from __future__ import annotations

import dataclasses

from rich.console import Console

from model_deploy import endpoint, ledger
from model_deploy.deploy import deploy
from model_deploy.errors import DeployError, NotApprovedError
from model_deploy.history import Record
from model_deploy.registry import APPROVED_FILE, Package, approved_package
from model_deploy.stage import StageContext
from model_deploy.words import version_of


def rollback(context: StageContext, console: Console, yes: bool) -> None:
    """Deploy the newest earlier model that was deployed with success.

    Raises:
        NotApprovedError: that model has been rejected since.
        DeployError: there is no earlier one, it was not the model that changed last, or the deployment fails.
    """
    bucket = context.require_deployed()["DataBucket"]
    deployed = context.infrastructure.deployed_package()
    records = ledger.settled(context, bucket)
    if before := settings_changed_last(records):
        raise DeployError(
            f"the last deployment to {context.deployment.stage} changed settings and kept version {before.version}; "
            f"going back a model would keep them: take deploy.toml back to commit {before.git_commit[:12]} and deploy, "
            "or name an earlier model with deploy --model-package <arn>"
        )
    earlier = earlier_model(records, deployed)
    if earlier is None:
        raise DeployError(
            f"no earlier model than version {version_of(deployed)} was deployed to {context.deployment.stage}; "
            "deploy --model-package <arn> deploys a certain one"
        )
    settings, bindings = context.settings, context.deployment.bindings
    source = f"rolling back to version {earlier.version}"
    package = approved_package(context.aws.registry("sagemaker"), earlier.model_package_arn, settings, bindings, source)
    console.print(f"Back from version {version_of(deployed)} to {package.version}, as deployed {earlier.began}.\n")
    challenger = running_challenger(context, console)
    back = context.of(dataclasses.replace(context.deployment, package=package, challenger=challenger))
    done = deploy(back, console, yes, command="rollback")
    if done and settings.project.ci in ("github", "gitlab") and (context.root / APPROVED_FILE).is_file():
        console.print(
            f"\n{APPROVED_FILE} still names the newer model, and the next CI run would deploy it again. "
            "Record this decision too:\n"
            f"  python -m model_deploy record-approval --rollback --model-package {package.arn}\n"
            f'  git commit -m "Go back to version {package.version}" {APPROVED_FILE} && git push',
            soft_wrap=True,
        )


def running_challenger(context: StageContext, console: Console) -> Package | None:
    """The second model that runs, which stays; unless it has been rejected, or the settings have no place for it."""
    settings, bindings = context.settings, context.deployment.bindings
    stage = settings.stages[context.deployment.stage]
    if not stage.challenger or not stage.endpoint:
        return None
    arn = endpoint.running_package(context.aws, context.endpoint_name, endpoint.CHALLENGER)
    if not arn:
        return None
    if stage.endpoint.rollout.policy == "rolling":
        console.print("The second model goes: policy is rolling, which SageMaker has for one model only.\n")
        return None
    try:
        return approved_package(context.aws.registry("sagemaker"), arn, settings, bindings, "the challenger")
    except NotApprovedError as refusal:
        console.print(f"The second model goes. {refusal}.\n")
        return None


def settings_changed_last(records: list[Record]) -> Record | None:
    """The deployment before the newest one, if that brought the same model with other values; newest first."""
    runs = [record for record in records if record.outcome == "succeeded" and record.model_package_arn]
    if len(runs) < 2:
        return None
    newest, before = runs[:2]
    same = newest.model_package_arn == before.model_package_arn
    return before if same and newest.values_hash != before.values_hash else None


def earlier_model(records: list[Record], deployed: str) -> Record | None:
    """The newest successful deployment of a model that ran before the deployed one; `records` are newest first.

    Rolling back twice goes back twice: deployments newer than the deployed model's first one don't count.
    """
    runs = [record for record in records if record.outcome == "succeeded" and record.model_package_arn]
    first = max((index for index, record in enumerate(runs) if record.model_package_arn == deployed), default=-1)
    return next((record for record in runs[first + 1 :] if record.model_package_arn != deployed), None)
