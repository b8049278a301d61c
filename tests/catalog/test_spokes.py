"""A spoke makes what a project's own bootstrap makes, under other logical ids; a StackSet carries it to accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from renderer.template import TEMPLATE
from service_catalog.bindings import binding_fields
from tests.catalog.plain_templates import evaluated, read

TEMPLATES = Path(__file__).resolve().parents[2] / "service_catalog" / "templates"
BOOTSTRAP = TEMPLATE / "{{cookiecutter.project_slug}}" / "model-deploy" / "bootstrap"
LONGEST = "a23456789-123456789-123456789-12"


def _parameters(stage: str, state: str, deployers: str, slug: str = LONGEST) -> dict[str, str]:
    return {
        "ProjectSlug": slug,
        "Stage": stage,
        "ToolingAccountId": "111122223333",
        "TerraformState": state,
        "OtherDeployers": deployers,
    }


def _made(template: dict[str, Any], parameters: Mapping[str, str]) -> list[str]:
    """Resources without their ids, as text, in an order of their own; the spoke adds only what waits for what."""
    made = evaluated(template, parameters)["Resources"].values()
    return sorted(
        json.dumps({key: value for key, value in each.items() if key != "DependsOn"}, sort_keys=True) for each in made
    )


@pytest.fixture(scope="module")
def spoke() -> dict[str, Any]:
    return read(TEMPLATES / "spoke.yaml")


@pytest.fixture(scope="module")
def bootstrap() -> list[dict[str, Any]]:
    return [read(BOOTSTRAP / name) for name in ("stage.yaml", "deploy-role.yaml")]


@pytest.mark.parametrize("deployers", ["", "arn:aws:iam::111122223333:role/a,arn:aws:iam::111122223333:role/b*"])
@pytest.mark.parametrize("state", ["yes", "no"])
@pytest.mark.parametrize("stage", ["staging", "production"])
def test_spoke_makes_what_bootstrap_makes(
    stage: str, state: str, deployers: str, spoke: dict[str, Any], bootstrap: list[dict[str, Any]]
) -> None:
    parameters = _parameters(stage, state, deployers)
    by_hand = sorted(each for template in bootstrap for each in _made(template, parameters))
    assert len(by_hand) >= 7
    assert _made(spoke, parameters) == by_hand


def test_what_destroys_a_deployment_is_deleted_after_the_boundary_that_the_deployment_uses(
    spoke: dict[str, Any],
) -> None:
    resources = evaluated(spoke, _parameters("staging", "yes", ""))["Resources"]
    (boundary,) = (
        each for each in resources.values() if each["Properties"].get("ManagedPolicyName", "").endswith("-boundary")
    )
    needed = {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::KMS::Alias"}
    assert {resources[name]["Type"] for name in boundary["DependsOn"]} >= needed


def test_spoke_puts_out_what_the_form_takes(spoke: dict[str, Any]) -> None:
    accepted = {field.parameter: field.pattern for field in binding_fields("codepipeline")}
    outputs = evaluated(spoke, _parameters("staging", "yes", ""))["Outputs"]
    assert set(outputs) == {"KmsKeyArn", "StateBucket", "PermissionsBoundaryArn", "DeployRoleArn"}
    assert {"StagingKmsKeyArn", "ProductionKmsKeyArn", "StagingStateBucket", "ProductionStateBucket"} <= accepted.keys()
    without = evaluated(spoke, _parameters("staging", "no", ""))["Outputs"]
    assert set(outputs) - set(without) == {"StateBucket"}


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_names_fit_their_limits_for_the_longest_slug(stage: str, spoke: dict[str, Any]) -> None:
    limits = {"RoleName": 64, "ManagedPolicyName": 128, "AliasName": 256, "BucketName": 63}
    made = evaluated(spoke, _parameters(stage, "yes", ""))["Resources"].values()
    names = [(key, str(each["Properties"][key])) for each in made for key in limits if key in each["Properties"]]
    assert len(names) == 5
    assert [(key, name) for key, name in names if len(name) > limits[key]] == []


def _stack_set() -> tuple[dict[str, Any], dict[str, Any]]:
    template = yaml.safe_load((TEMPLATES / "spoke-stackset.yaml").read_text(encoding="utf-8"))
    return template, template["Resources"]["Spokes"]["Properties"]


def test_stack_set_gives_every_parameter_that_a_spoke_has_no_default_for(spoke: dict[str, Any]) -> None:
    _, properties = _stack_set()
    given = {each["ParameterKey"] for each in properties["Parameters"]}
    assert {name for name, each in spoke["Parameters"].items() if "Default" not in each} <= given
    assert given <= spoke["Parameters"].keys()


def test_each_account_of_a_stage_gets_its_stage() -> None:
    _, properties = _stack_set()
    for group, stage in zip(properties["StackInstancesGroup"], ("Staging", "Production"), strict=True):
        assert group["ParameterOverrides"] == [{"ParameterKey": "Stage", "ParameterValue": stage.lower()}]
        _, in_organization, by_hand = group["DeploymentTargets"]["Fn::If"]
        account = [{"Ref": f"{stage}AccountId"}]
        assert in_organization["AccountFilterType"] == "INTERSECTION" and in_organization["Accounts"] == account
        assert by_hand == {"Accounts": account}


def test_stack_set_refuses_one_account_for_both_stages_and_an_organisation_without_units() -> None:
    template, _ = _stack_set()
    assertions = json.dumps(template["Rules"])
    assert '{"Fn::Equals": [{"Ref": "StagingAccountId"}, {"Ref": "ProductionAccountId"}]}' in assertions
    assert '{"Fn::Contains": [{"Ref": "OrganizationalUnitIds"}, ""]}' in assertions


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://sagemaker-mlops-111122223333-eu-west-1.s3.eu-west-1.amazonaws.com/templates/0.1.0/spoke.yaml", True),
        ("http://bucket.s3.amazonaws.com/templates/0.1.0/spoke.yaml", False),
        ("https://example.com/spoke.yaml", False),
    ],
)
def test_spokes_come_from_s3_only(url: str, accepted: bool) -> None:
    template, _ = _stack_set()
    assert bool(re.fullmatch(template["Parameters"]["TemplateUrl"]["AllowedPattern"], url)) is accepted
