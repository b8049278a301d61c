"""A stage: its key, boundary, state and deploy role if it lives in this account, and bindings that tell where."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import Aws, Fn
from constructs import Construct

from service_catalog.project.accounts import Accounts, choose, holds
from service_catalog.project.form import Form
from service_catalog.project.included import Included
from service_catalog.project.policies import IAM_PATH, SLUG


def outlive(base: Included, needed: Iterable[cdk.CfnResource]) -> None:
    """What `make destroy` needs is deleted after the boundary, which IAM keeps while a deployment's roles use it."""
    boundary = base.resource("Boundary")
    for each in needed:
        boundary.add_resource_dependency(each)


class StageOfProject(Construct):
    def __init__(self, scope: Construct, stage: str, form: Form, ci: str, accounts: Accounts) -> None:
        super().__init__(scope, stage)
        self._stage, self._form, self._place = stage, form, accounts.places[stage]
        here = self._place.here
        given = {"ProjectSlug": form.slug, "Stage": stage.lower(), "ToolingAccountId": Aws.ACCOUNT_ID}
        terraform = Fn.condition_equals(form.value("Infrastructure"), "terraform")
        self.base = Included(self, "Base", "stage", ci, given, {"HasTerraformState": terraform}, here)
        role = Included(self, "Access", "deploy-role", ci, given, only_if=here)
        has_state = self.base.condition("HasTerraformState")
        key, bucket = form.value(f"{stage}KmsKeyArn"), form.value(f"{stage}StateBucket")
        bindings = Included(
            self,
            "Bindings",
            "bindings",
            ci,
            {
                "ProjectSlug": form.slug,
                "Stage": stage.lower(),
                "AccountId": self._place.account_id,
                "KmsKeyArn": choose(here, self.base.output("KmsKeyArn"), key),
                "PermissionsBoundaryArn": self._by_name("policy", "boundary"),
                "DeployRoleArn": choose(here, role.output("DeployRoleArn"), self._by_name("role", "deploy")),
                "StateBucket": choose(has_state, self.base.output("StateBucket"), bucket),
                "SubnetIds": form.value(f"{stage}SubnetIds"),
                "SecurityGroupIds": form.value(f"{stage}SecurityGroupIds"),
                "NotificationEmail": form.value("NotificationEmail"),
            },
            {"HasStateBucket": Fn.condition_or(holds(has_state), Fn.condition_not(Fn.condition_equals(bucket, "")))},
        )
        bindings.resource("KmsKeyArnBinding").cfn_options.condition = accounts.condition(
            f"{stage}KeyIsKnown", Fn.condition_or(holds(here), Fn.condition_not(Fn.condition_equals(key, "")))
        )

        told = ("AccountIdBinding", "DeployRoleArnBinding", "KmsKeyArnBinding", "PermissionsBoundaryArnBinding")
        needed = [self.base.resource("KeyAlias"), *role.resources(), *(bindings.resource(name) for name in told)]
        outlive(self.base, needed)

    def _by_name(self, kind: str, name: str) -> str:
        """ARN in the account of the stage, where this stack or its own one makes this name."""
        account = self._place.account_id
        return Fn.sub(
            f"arn:${{AWS::Partition}}:iam::${{Account}}:{kind}{IAM_PATH}{SLUG}-{self._stage.lower()}-{name}",
            {"Account": account},
        )
