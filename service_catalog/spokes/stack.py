"""The spoke: key, boundary, state bucket and deploy role of one stage, out of the project's own bootstrap templates."""

from __future__ import annotations

import aws_cdk as cdk

from renderer.template import rules
from service_catalog.project.included import Included
from service_catalog.project.stages import outlive

# The stage's templates are the same for every CI system.
CI = "codepipeline"


def build(app: cdk.App, name: str) -> cdk.Stack:
    """One stage of one project, deployed by an administrator in the account of the stage."""
    stack = cdk.Stack(app, name, synthesizer=cdk.LegacyStackSynthesizer())
    whose = {
        "ProjectSlug": _text(
            stack, "ProjectSlug", "SageMakerProjectName of the project.", rules.TEXT_RULES["project_slug"].pattern
        ),
        "Stage": _choice(stack, "Stage", ["staging", "production"], None, "Which stage lives in this account."),
        "ToolingAccountId": _text(stack, "ToolingAccountId", "Account that the project is created in.", "[0-9]{12}"),
    }
    state = _choice(stack, "TerraformState", ["yes", "no"], "no", "yes if the project's Infrastructure is terraform.")
    deployers = cdk.CfnParameter(
        stack,
        "OtherDeployers",
        default="",
        description="Comma-separated ARNs of further roles that may deploy by hand (* for anything).",
    ).value_as_string
    stage = Included(stack, "Account", "stage", CI, {**whose, "TerraformState": state})
    deployer = Included(stack, "Deployer", "deploy-role", CI, {**whose, "OtherDeployers": deployers})
    outlive(stage, [stage.resource("KeyAlias"), *deployer.resources()])
    stack.template_options.description = "What one stage of one SageMaker MLOps project needs. In the stage's account."
    key, bucket = stage.resource("Key"), stage.resource("StateBucket")
    role = deployer.resource("DeployRole")
    has_state = stage.condition("HasTerraformState")
    _output(stack, "KmsKeyArn", _arn(key), "For the project form: StagingKmsKeyArn or ProductionKmsKeyArn")
    _output(
        stack, "StateBucket", bucket.ref, "For the project form: StagingStateBucket or ProductionStateBucket", has_state
    )
    _output(
        stack, "PermissionsBoundaryArn", stage.resource("Boundary").ref, "The most that a deployment's roles can do"
    )
    _output(stack, "DeployRoleArn", _arn(role), "Assumed by the project's CI")
    return stack


def _text(stack: cdk.Stack, name: str, description: str, pattern: str) -> str:
    return cdk.CfnParameter(stack, name, description=description, allowed_pattern=pattern).value_as_string


def _choice(stack: cdk.Stack, name: str, choices: list[str], default: str | None, description: str) -> str:
    return cdk.CfnParameter(
        stack, name, allowed_values=choices, default=default, description=description
    ).value_as_string


def _arn(resource: cdk.CfnResource) -> str:
    return resource.get_att("Arn").to_string()


def _output(
    stack: cdk.Stack, name: str, value: str, description: str, condition: cdk.CfnCondition | None = None
) -> None:
    cdk.CfnOutput(stack, name, value=value, description=description, condition=condition)
