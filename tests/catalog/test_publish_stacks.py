"""The templates of channel and publisher: what they promise, for the example's settings and for an organisation's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

from service_catalog.bindings import FLAVOURS
from service_catalog.publisher.portfolio_ids import own_id
from service_catalog.publisher.settings import EXAMPLE, Organisation, Portfolio, Seeder, Settings, load_settings
from service_catalog.publisher.synthesis import publisher_text
from service_catalog.stacks import FOLDER, Synthesized, text_of

pytestmark = pytest.mark.slow

EXAMPLES = load_settings(EXAMPLE)
OTHER = Portfolio(
    "Other", "For some", ("gitlab",), ("arn:aws:iam::111122223333:role/a",), (), {"GitLabHost": ("git.org",)}
)


@pytest.fixture(scope="module")
def publisher(synthesized: Synthesized) -> dict[str, Any]:
    return synthesized.templates["publisher"]


def _publisher(synthesized: Synthesized, settings: Settings, region: str = "") -> dict[str, Any]:
    """In the CDK process that `synthesized` has started."""
    assert "publisher" in synthesized.templates
    found: dict[str, Any] = yaml.safe_load(publisher_text(settings, region))
    return found


def _of(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in template["Resources"].values() if each["Type"] == f"AWS::ServiceCatalog::{kind}"]


def _stack_sets(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    kinds = [each for each in template["Resources"].values() if each["Type"] == "AWS::CloudFormation::StackSet"]
    return {each["Properties"]["StackSetName"]: each["Properties"] for each in kinds}


@pytest.mark.parametrize("name", ["channel", "publisher"])
def test_the_committed_template_is_what_the_code_makes(name: str, synthesized: Synthesized) -> None:
    assert (FOLDER / f"{name}.yaml").read_text(encoding="utf-8") == text_of(name, synthesized.templates[name])


def test_the_published_template_is_the_committed_one_for_the_example(synthesized: Synthesized) -> None:
    assert publisher_text(EXAMPLES) == text_of("publisher", synthesized.templates["publisher"])


def test_each_product_is_seen_in_studio_and_outlives_its_stack(publisher: dict[str, Any]) -> None:
    products = _of(publisher, "CloudFormationProduct")
    assert len(products) == len(FLAVOURS)
    for product in products:
        assert product["Properties"]["Tags"] == [{"Key": "sagemaker:studio-visibility", "Value": "true"}]
        assert (product["DeletionPolicy"], product["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
        assert len(product["Properties"]["ProvisioningArtifactParameters"]) == 1
        assert "ReplaceProvisioningArtifacts" not in product["Properties"]


def test_each_offered_product_is_launched_by_our_role_and_may_change_tags(publisher: dict[str, Any]) -> None:
    launches, tags = _of(publisher, "LaunchRoleConstraint"), _of(publisher, "ResourceUpdateConstraint")
    assert len(launches) == len(tags) == len(FLAVOURS)
    assert {each["Properties"]["LocalRoleName"] for each in launches} == {"SageMakerMlopsLaunch"}
    assert {each["Properties"]["TagUpdateOnProvisionedProduct"] for each in tags} == {"ALLOWED"}
    offered = {key for key, each in publisher["Resources"].items() if each["Type"].endswith("ProductAssociation")}
    assert all(set(each["DependsOn"]) <= offered for each in launches + tags)


def test_budgets_are_of_the_portfolios_list(publisher: dict[str, Any]) -> None:
    for constraint in _of(publisher, "LaunchTemplateConstraint"):
        rules = json.loads(constraint["Properties"]["Rules"])
        accepted = rules["MonthlyBudgetUsdIsAllowed"]["Assertions"][0]["Assert"]["Fn::Contains"]
        assert accepted == [list(EXAMPLES.portfolios[0].allowed["MonthlyBudgetUsd"]), {"Ref": "MonthlyBudgetUsd"}]


def test_another_portfolio_leaves_the_resources_of_the_first_as_they_are(
    publisher: dict[str, Any], synthesized: Synthesized
) -> None:
    more = _publisher(synthesized, replace(EXAMPLES, portfolios=(OTHER, *EXAMPLES.portfolios)))
    assert {key: more["Resources"][key] for key in publisher["Resources"]} == publisher["Resources"]
    assert f"PortfolioId{own_id('Other')}" in more["Outputs"]
    principals = {each["Properties"]["PrincipalType"] for each in _of(more, "PortfolioPrincipalAssociation")}
    assert principals == {"IAM", "IAM_PATTERN"}


def test_tag_options_are_made_once_and_offered_in_each_portfolio(synthesized: Synthesized) -> None:
    options = {"cost-center": ("1001", "1002")}
    settings = replace(EXAMPLES, tag_options=options, portfolios=(OTHER, *EXAMPLES.portfolios))
    template = _publisher(synthesized, settings)
    made = [(each["Properties"]["Key"], each["Properties"]["Value"]) for each in _of(template, "TagOption")]
    assert made == [("cost-center", "1001"), ("cost-center", "1002")]
    assert len(_of(template, "TagOptionAssociation")) == 4


def test_accounts_of_an_organisation_get_seeder_and_roles_but_for_the_publishing_one(synthesized: Synthesized) -> None:
    organisation = Organisation("Us", "", "o-0123456789", ("ou-abcd-11111111",), True, "eu-west-1")
    settings = replace(EXAMPLES, organisation=organisation)
    sets = _stack_sets(_publisher(synthesized, settings, "eu-west-1"))
    assert sorted(sets) == ["sagemaker-mlops-launch-roles", "sagemaker-mlops-seeder"]
    for found in sets.values():
        assert found["PermissionModel"] == "SERVICE_MANAGED" and found["AutoDeployment"]["Enabled"]
        assert found["CallAs"] == "DELEGATED_ADMIN"
        group = found["StackInstancesGroup"][0]
        assert group["Regions"] == [{"Ref": "AWS::Region"}]
        assert group["DeploymentTargets"]["AccountFilterType"] == "DIFFERENCE"
        assert group["DeploymentTargets"]["Accounts"] == [{"Ref": "AWS::AccountId"}]
        assert 0 < found["OperationPreferences"]["FailureTolerancePercentage"] <= 50


def test_of_several_regions_one_makes_the_roles(synthesized: Synthesized) -> None:
    organisation = Organisation("Us", "", "o-0123456789", ("ou-abcd-11111111",), False, "eu-west-1")
    template = _publisher(synthesized, replace(EXAMPLES, organisation=organisation), "us-east-1")
    assert [*_stack_sets(template)] == ["sagemaker-mlops-seeder"]


def test_the_channel_is_read_by_the_organisation_only_where_one_is_named(synthesized: Synthesized) -> None:
    policy = synthesized.templates["channel"]["Resources"]["ChannelPolicy"]["Properties"]["PolicyDocument"]
    tls, _, shared = policy["Statement"]
    assert tls["Effect"] == "Deny" and tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    condition, statement, nothing = shared["Fn::If"]
    assert (condition, nothing) == ("IsShared", {"Ref": "AWS::NoValue"})
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}}
    assert all(action.startswith(("s3:Get", "s3:List")) for action in statement["Action"])


def test_what_is_published_can_only_be_written_where_nothing_is(synthesized: Synthesized) -> None:
    policy = synthesized.templates["channel"]["Resources"]["ChannelPolicy"]["Properties"]["PolicyDocument"]
    once = next(each for each in policy["Statement"] if "Sid" in each and each["Sid"] == "WrittenOnce")
    assert (once["Effect"], once["Principal"], once["Action"]) == ("Deny", "*", "s3:PutObject")
    folders = {each["Fn::Join"][1][-1] for each in once["Resource"]}
    assert folders == {"/bundles/*", "/seeder/*", "/stacks/*", "/templates/*"}
    assert once["Condition"] == {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}


@pytest.mark.parametrize("reserved", [0, 7])
def test_the_seeders_of_an_organisation_reserve_what_publish_toml_says(synthesized: Synthesized, reserved: int) -> None:
    organisation = Organisation("Us", "", "o-0123456789", ("ou-abcd-11111111",), False, "")
    settings = replace(EXAMPLES, organisation=organisation, seeder=Seeder(reserved))
    found = _stack_sets(_publisher(synthesized, settings))["sagemaker-mlops-seeder"]["Parameters"]
    assert {"ParameterKey": "ReservedConcurrency", "ParameterValue": str(reserved)} in found


def test_the_channel_is_kept_versioned_private_and_open_to_studio(synthesized: Synthesized) -> None:
    channel = synthesized.templates["channel"]["Resources"]["Channel"]
    properties = channel["Properties"]
    logs = synthesized.templates["channel"]["Resources"]["Logs"]
    assert channel["DeletionPolicy"] == logs["DeletionPolicy"] == "RetainExceptOnCreate"
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == ["https://*.sagemaker.aws"]
    assert "NoncurrentVersionExpiration" in properties["LifecycleConfiguration"]["Rules"][0]
    assert properties["LoggingConfiguration"]["DestinationBucketName"] == {"Ref": "Logs"}
