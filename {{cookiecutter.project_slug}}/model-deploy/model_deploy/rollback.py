"""Takes a stage back to the model it ran before."""

from __future__ import annotations

import dataclasses

from rich.console import Console

from model_deploy import endpoint, history, ledger
from model_deploy.deploy import deploy
from model_deploy.errors import DeployError, NotApprovedError, UsageError
from model_deploy.history import Record
from model_deploy.registry import APPROVED_FILE, Package, approved_package
from model_deploy.stage import StageContext
from model_deploy.words import version_of


def rollback(context: StageContext, console: Console, yes: bool, only_own: bool = False) -> None:
    """Deploy the newest earlier model that was deployed with success; `only_own`, after a deployment of this CI run.

    Raises:
        NotApprovedError: that model has been rejected since.
        UsageError: `only_own`, and this is no run of CI.
        DeployError: there is no earlier one, it was not the model that changed last, it was not this run of CI that
            changed it, or the deployment fails.
    """
    bucket = context.require_deployed()["DataBucket"]
    deployed = context.infrastructure.deployed_package()
    records = ledger.settled(context, bucket)
    if only_own:
        require_own(records, history.ci_run(), context.deployment.stage)
    if change := settings_changed_last(records):
        stage = context.deployment.stage
        raise DeployError(
            f"the last deployment to {stage} changed settings and kept version {change.version}; going back a model "
            f"would keep them, and {stage} still runs them: revert commit {change.git_commit[:12]} and push, or "
            "deploy that by hand; deploy --model-package <arn> deploys a certain model"
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
            f"\n{APPROVED_FILE} still names the newer model, and the next CI run would take it to "
            f"{context.deployment.stage} again. "
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


def require_own(records: list[Record], run: str, stage: str) -> None:
    """What another run deployed may have stood well for weeks; `records` are newest first.

    Raises:
        UsageError: this is no run of CI.
        DeployError: this run deployed nothing, or not last.
    """
    if not run:
        raise UsageError("--only-own is for runs of CI; without it, rollback goes back whoever deployed")
    newest = next(iter(records), None)
    if newest is None or newest.run != run or newest.outcome != "succeeded":
        raise DeployError(
            f"this run has changed nothing in {stage}, so nothing is taken back: {stage} runs what it ran before; "
            "see `status`, and `rollback` by hand if that has to go"
        )


def settings_changed_last(records: list[Record]) -> Record | None:
    """The newest deployment, if it kept the model and so changed settings or templates; `records` are newest first."""
    runs = [record for record in records if record.outcome == "succeeded" and record.model_package_arn]
    if len(runs) < 2:
        return None
    newest, before = runs[:2]
    return newest if newest.model_package_arn == before.model_package_arn else None


def earlier_model(records: list[Record], deployed: str) -> Record | None:
    """The newest successful deployment of a model that ran before the deployed one; `records` are newest first.

    Rolling back twice goes back twice: deployments newer than the deployed model's first one don't count.
    """
    runs = [record for record in records if record.outcome == "succeeded" and record.model_package_arn]
    first = max((index for index, record in enumerate(runs) if record.model_package_arn == deployed), default=-1)
    return next((record for record in runs[first + 1 :] if record.model_package_arn != deployed), None)
