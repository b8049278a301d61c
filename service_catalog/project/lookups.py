"""What both repositories look up at run time: bindings in SSM that the bootstrap templates don't write."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import Fn
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from service_catalog.project.form import Form
from service_catalog.project.policies import SLUG, named

OPTIONAL = {"subnet_ids": "SubnetIds", "security_group_ids": "SecurityGroupIds"}


class Lookups(Construct):
    """Names as in model_build/pipelines/bindings.py and model_deploy/bindings.py."""

    def __init__(self, scope: Construct, construct_id: str, form: Form, execution_role_arn: str) -> None:
        super().__init__(scope, construct_id)
        self.always = [
            self._binding("execution_role_arn", execution_role_arn),
            self._binding("project_name", form.slug),
            self._binding("project_id", form.value("SageMakerProjectId")),
        ]
        for name, parameter in OPTIONAL.items():
            value = form.value(parameter)
            made = self._binding(name, value, "StringList")
            made.cfn_options.condition = cdk.CfnCondition(
                self, f"Has{parameter}", expression=Fn.condition_not(Fn.condition_equals(value, ""))
            )
        without = self._binding("vpc", "none")
        without.cfn_options.condition = cdk.CfnCondition(
            self, "HasNoVpc", expression=Fn.condition_equals(form.value("SubnetIds"), "")
        )

    def _binding(self, name: str, value: str, kind: str = "String") -> ssm.CfnParameter:
        construct_id = "".join(word.capitalize() for word in name.split("_"))
        return ssm.CfnParameter(self, construct_id, name=named(f"/{SLUG}/bindings/{name}"), type=kind, value=value)
