"""guardrails.yaml: Config rules and the boundary of people, once in each account and region where projects live."""

from __future__ import annotations

import aws_cdk as cdk
import yaml
from aws_cdk import aws_config as config
from aws_cdk import aws_iam as iam

from service_catalog.guardrails.config_rules import pack
from service_catalog.guardrails.people_boundary import PEOPLE, people_boundary
from service_catalog.launch.stack import substituted


def build(app: cdk.App, name: str) -> cdk.Stack:
    """A conformance pack and a managed policy; needs a configuration recorder in the account."""
    stack = cdk.Stack(
        app,
        name,
        description="Config rules that projects keep, and a boundary for people. Once an account and region.",
        synthesizer=cdk.LegacyStackSynthesizer(),
    )
    wanted = cdk.CfnParameter(
        stack,
        "PeopleBoundary",
        default="yes",
        allowed_values=["yes", "no"],
        description="Whether to make the boundary; no in an account's second region, since policies are global",
    )
    makes_boundary = cdk.CfnCondition(
        stack, "MakesBoundary", expression=cdk.Fn.condition_equals(wanted.value_as_string, "yes")
    )
    config.CfnConformancePack(
        stack,
        "Rules",
        conformance_pack_name="sagemaker-mlops",
        template_body=yaml.safe_dump(pack(), sort_keys=False),
    )
    boundary = iam.CfnManagedPolicy(
        stack,
        "People",
        managed_policy_name=PEOPLE,
        description="The most that people who work on projects can do, whatever else they are given",
        policy_document=substituted(people_boundary()),
    )
    boundary.cfn_options.condition = makes_boundary
    return stack
