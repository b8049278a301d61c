"""Launch roles and seeder in the other accounts of an organisation, as stack sets that follow its units."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from service_catalog.publisher import names
from service_catalog.publisher.committed import parameters_of
from service_catalog.publisher.settings import Organisation

FAILING_PERCENT = 50


class LaunchAccounts(Construct):
    """Each account that a portfolio is shared with needs launch roles, and the seeder in each Region that publishes.

    Lambda takes a function's code only from a bucket of its own Region, so that each Region publishes for itself.
    """

    def __init__(self, scope: cdk.Stack, organisation: Organisation, reserved_concurrency: int, region: str) -> None:
        super().__init__(scope, "LaunchAccounts")
        self._organisation, self._reserved = organisation, reserved_concurrency
        self._bucket = names.bucket(cdk.Aws.ACCOUNT_ID, cdk.Aws.REGION)
        package = _key(scope, "PackageKey", "Key of the seeder's package in the channel's bucket.")
        seeder = self._stack_set(scope, "Seeder", "seeder", package)
        if organisation.makes_roles_in(region):
            seeder.add_resource_dependency(self._stack_set(scope, "LaunchRoles", "launch-roles", package))

    def _stack_set(self, scope: cdk.Stack, construct: str, template: str, package: str) -> cdk.CfnStackSet:
        """In all accounts of the units but this one, where publishing makes the stacks itself."""
        key = _key(scope, f"{construct}Template", f"Key of {template}.yaml in the channel's bucket.")
        given = parameters_of(
            template, self._bucket, package, self._organisation.id, reserved_concurrency=self._reserved
        )
        targets = cdk.CfnStackSet.DeploymentTargetsProperty(
            organizational_unit_ids=list(self._organisation.launch_units),
            account_filter_type="DIFFERENCE",
            accounts=[cdk.Aws.ACCOUNT_ID],
        )
        return cdk.CfnStackSet(
            self,
            construct,
            stack_set_name=names.LAUNCH_STACK if template == "launch-roles" else names.SEEDER_STACK,
            permission_model="SERVICE_MANAGED",
            call_as="DELEGATED_ADMIN" if self._organisation.delegated_admin else "SELF",
            auto_deployment=cdk.CfnStackSet.AutoDeploymentProperty(enabled=True, retain_stacks_on_account_removal=True),
            capabilities=["CAPABILITY_NAMED_IAM"],
            managed_execution={"Active": True},
            # One account's quota or policy must not take the stacks of all others back.
            operation_preferences=cdk.CfnStackSet.OperationPreferencesProperty(
                failure_tolerance_percentage=FAILING_PERCENT, max_concurrent_percentage=FAILING_PERCENT
            ),
            template_url=f"https://{self._bucket}.s3.{cdk.Aws.REGION}.{cdk.Aws.URL_SUFFIX}/{key}",
            parameters=[
                cdk.CfnStackSet.ParameterProperty(parameter_key=name, parameter_value=value)
                for name, value in given.items()
            ],
            stack_instances_group=[
                cdk.CfnStackSet.StackInstancesProperty(deployment_targets=targets, regions=[cdk.Aws.REGION])
            ],
        )


def _key(scope: cdk.Stack, name: str, description: str) -> str:
    return cdk.CfnParameter(
        scope, name, description=description, allowed_pattern="[a-zA-Z0-9._/-]{1,1024}"
    ).value_as_string
