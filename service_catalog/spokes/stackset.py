"""The spokes of one project in its stages' accounts, as a StackSet from the template in the channel's bucket."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import CfnTag

from renderer.template import rules

STAGES = ("Staging", "Production")
ORGANIZATION = "SERVICE_MANAGED"
BY_HAND = "SELF_MANAGED"
# Names of self-managed StackSets' own roles (CloudFormation user guide, stacksets-prereqs-self-managed).
ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"


def build(app: cdk.App, name: str) -> cdk.Stack:
    """Deployed once per project, where StackSets are administered."""
    stack = cdk.Stack(
        app,
        name,
        description="Spokes of one SageMaker MLOps project. Where your organisation administers StackSets.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    slug = _text(stack, "ProjectSlug", "SageMakerProjectName of the project.", rules.TEXT_RULES["project_slug"].pattern)
    accounts = {
        stage: _text(stack, f"{stage}AccountId", f"Account of {stage.lower()}.", "[0-9]{12}") for stage in STAGES
    }
    model = cdk.CfnParameter(
        stack,
        "PermissionModel",
        default=ORGANIZATION,
        allowed_values=[ORGANIZATION, BY_HAND],
        description=f"{ORGANIZATION}: AWS Organizations' own roles. {BY_HAND}: {ADMINISTRATION_ROLE} here, "
        f"{EXECUTION_ROLE} in the accounts.",
    ).value_as_string
    in_organization = cdk.CfnCondition(stack, "InOrganization", expression=cdk.Fn.condition_equals(model, ORGANIZATION))
    units = cdk.CfnParameter(
        stack,
        "OrganizationalUnitIds",
        type="CommaDelimitedList",
        default="",
        description=f"With {ORGANIZATION}: units or root that hold the accounts; only the two accounts get a stack.",
        allowed_pattern="(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})?",
    ).value_as_list
    call_as = cdk.CfnParameter(
        stack,
        "CallAs",
        default="SELF",
        allowed_values=["SELF", "DELEGATED_ADMIN"],
        description="SELF in the management account; DELEGATED_ADMIN where StackSets were delegated to.",
    ).value_as_string
    given = {
        "ProjectSlug": slug,
        "ToolingAccountId": _text(stack, "ToolingAccountId", "Account that the project is created in.", "[0-9]{12}"),
        "TerraformState": cdk.CfnParameter(
            stack,
            "TerraformState",
            default="no",
            allowed_values=["yes", "no"],
            description="yes if the project's Infrastructure is terraform.",
        ).value_as_string,
    }
    template = _text(
        stack,
        "TemplateUrl",
        "Where spoke.yaml lies: https://<channel's bucket>.s3.<region>.amazonaws.com/templates/<version>/spoke.yaml.",
        r"https://[a-z0-9.-]+\.s3[a-z0-9.-]*\.amazonaws\.com(\.cn)?/[A-Za-z0-9/._+-]+\.yaml",
    )

    _rules(stack)

    def where(stage: str) -> cdk.IResolvable:
        return cdk.Fn.condition_if(
            in_organization.logical_id,
            {"OrganizationalUnitIds": units, "AccountFilterType": "INTERSECTION", "Accounts": [accounts[stage]]},
            {"Accounts": [accounts[stage]]},
        )

    none = cdk.Aws.NO_VALUE
    spokes = cdk.CfnStackSet(
        stack,
        "Spokes",
        stack_set_name=f"{slug}-spokes",
        description=f"Stages of {slug}",
        permission_model=model,
        call_as=call_as,
        auto_deployment=cdk.Fn.condition_if(in_organization.logical_id, {"Enabled": False}, none),
        administration_role_arn=cdk.Fn.condition_if(
            in_organization.logical_id,
            none,
            f"arn:{cdk.Aws.PARTITION}:iam::{cdk.Aws.ACCOUNT_ID}:role/{ADMINISTRATION_ROLE}",
        ).to_string(),
        execution_role_name=cdk.Fn.condition_if(in_organization.logical_id, none, EXECUTION_ROLE).to_string(),
        capabilities=["CAPABILITY_NAMED_IAM"],
        template_url=template,
        managed_execution={"Active": True},
        operation_preferences=cdk.CfnStackSet.OperationPreferencesProperty(
            max_concurrent_count=1, failure_tolerance_count=0, region_concurrency_type="SEQUENTIAL"
        ),
        parameters=[_parameter(key, value) for key, value in given.items()] + [_parameter("Stage", "staging")],
        stack_instances_group=[
            cdk.CfnStackSet.StackInstancesProperty(
                deployment_targets=where(stage),
                regions=[cdk.Aws.REGION],
                parameter_overrides=[_parameter("Stage", stage.lower())],
            )
            for stage in STAGES
        ],
        tags=[CfnTag(key="sagemaker-mlops:project", value=slug)],
    )
    cdk.CfnOutput(stack, "StackSetId", value=spokes.attr_stack_set_id)
    return stack


def _rules(stack: cdk.Stack) -> None:
    """CloudFormation checks them before it makes anything; rules take no other functions than these."""
    cdk.CfnRule(
        stack,
        "UnitsOfTheOrganization",
        rule_condition=_expression({"Fn::Equals": [{"Ref": "PermissionModel"}, ORGANIZATION]}),
        assertions=[
            cdk.CfnRuleAssertion(
                assert_=_expression({"Fn::Not": [{"Fn::Contains": [{"Ref": "OrganizationalUnitIds"}, ""]}]}),
                assert_description=f"{ORGANIZATION} needs OrganizationalUnitIds that hold both accounts",
            )
        ],
    )
    same = [{"Ref": f"{stage}AccountId"} for stage in STAGES]
    cdk.CfnRule(
        stack,
        "OneAccountForEachStage",
        assertions=[
            cdk.CfnRuleAssertion(
                assert_=_expression({"Fn::Not": [{"Fn::Equals": same}]}),
                assert_description="A StackSet has one stack per account; stages that share one take spoke.yaml twice",
            )
        ],
    )


def _expression(expression: dict[str, object]) -> cdk.ICfnConditionExpression:
    return cdk.Token.as_any(expression)


def _parameter(key: str, value: str) -> cdk.CfnStackSet.ParameterProperty:
    return cdk.CfnStackSet.ParameterProperty(parameter_key=key, parameter_value=value)


def _text(stack: cdk.Stack, name: str, description: str, pattern: str) -> str:
    return cdk.CfnParameter(stack, name, description=description, allowed_pattern=pattern).value_as_string
