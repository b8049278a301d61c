"""The launch roles may create, update and delete every resource of every flavour, and do nothing dangerous."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from renderer.template import rules
from service_catalog.launch.needed import by_hand, handlers, is_unneeded, needed_actions, unneeded
from service_catalog.launch.statements import PROJECTS, SERVICE_CATALOG
from tests.catalog.launch_dangers import dangers
from tests.catalog.launch_requests import KEY, NEW_TAG, ROOT_DECIDES, TAG, requests_for
from tests.catalog.launch_schemas import aws_types, schema_handlers
from tests.catalog.launch_simulator import Request, simulator
from tests.catalog.launch_templates import FLAVOURS, SLUG, characters, launch_roles, policies_of, project
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

pytestmark = pytest.mark.slow
MOST_IN_A_POLICY, MOST_IN_A_ROLE, MOST_ATTACHED = 6_144, 10_240, 10
ROLES = {SERVICE_CATALOG: "SC-111122223333-pp-1a2b3c4d5e6f7", PROJECTS: "SP-p-1a2b3c4d5e6f"}
STACK_ACTIONS = [
    # Service Catalog administrator guide, "Launch constraints"; SageMaker developer guide, updates of projects.
    "CreateStack", "UpdateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents", "SetStackPolicy",
    "CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet", "ExecuteChangeSet", "ListStackResources", "TagResource",
]  # fmt: skip


def outcome(role: str, requests: Sequence[Request]) -> list[tuple[str, str, str]]:
    """(action, resource, result) of each request."""
    results = simulator().results(requests, f"arn:aws:iam::{ACCOUNT}:role/{role}", policies_of(launch_roles(), role))
    return [(each.action, each.resource, got) for each, got in zip(requests, results, strict=True)]


def requests_of(flavour: str, slug: str) -> list[Request]:
    resources = project(flavour, slug).all_resources().values()
    found = [each for one in resources for each in requests_for(one["Type"], one.get("Properties", {}), slug)]
    return list({repr(each): each for each in found}.values())


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_resource_can_be_created_updated_and_deleted(flavour: str) -> None:
    requests = requests_of(flavour, SLUG)
    assert len(requests) > 500
    assert [each for each in outcome(SERVICE_CATALOG, requests) if each[2] != "Allowed"] == []


def test_both_roles_have_the_same_rights_to_resources() -> None:
    resources = launch_roles().all_resources().values()
    service_catalog, projects = (
        next(each["Properties"] for each in resources if each["Properties"].get("RoleName") == role) for role in ROLES
    )
    assert service_catalog["ManagedPolicyArns"] == projects["ManagedPolicyArns"]


@given(st.from_regex(rules.TEXT_RULES["project_slug"].pattern, fullmatch=True))
@example("a")
@example("z" * 32)
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_names_of_every_legal_project_are_allowed(slug: str) -> None:
    found = {(each.resource, str(each.context)): each for each in requests_of("codepipeline", slug)}
    found |= {(each.resource, str(each.context)): each for each in requests_of("github", slug)}
    assert [each for each in outcome(SERVICE_CATALOG, list(found.values())) if each[2] != "Allowed"] == []


@pytest.mark.parametrize("role", ROLES)
def test_its_stacks_can_be_made_changed_and_deleted_and_no_others(role: str) -> None:
    own, other = (
        [
            Request(f"cloudformation:{each}", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0a1b")
            for each in STACK_ACTIONS
        ]
        for name in (ROLES[role], next(name for other, name in ROLES.items() if other != role))
    )
    assert {got for *_, got in outcome(role, own)} == {"Allowed"}
    assert {got for *_, got in outcome(role, other)} == {"ImplicitlyDenied"}


def test_service_catalog_s_copy_of_the_template_can_be_read_and_no_other_object() -> None:
    copy = Request(
        "s3:GetObject", "arn:aws:s3:::cf-templates-x/y", {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}
    )
    other = Request("s3:GetObject", "arn:aws:s3:::payroll/salaries.csv")
    assert [got for *_, got in outcome(SERVICE_CATALOG, [copy, other])] == ["Allowed", "ImplicitlyDenied"]


def test_a_new_key_is_deleted_only_once_its_tag_counts() -> None:
    """Rolling back within minutes may stick at the key; deleting the stack again goes on."""
    month = {"kms:ScheduleKeyDeletionPendingWindowInDays": "30"}
    now = Request("kms:ScheduleKeyDeletion", KEY, {**month, NEW_TAG: SLUG}, resource_policy=ROOT_DECIDES)
    later = Request("kms:ScheduleKeyDeletion", KEY, {**month, TAG: SLUG}, resource_policy=ROOT_DECIDES)
    assert [got for *_, got in outcome(SERVICE_CATALOG, [now, later])] == ["ImplicitlyDenied", "Allowed"]


def test_only_the_role_of_the_s3_channel_passes_itself_and_only_to_cloudformation() -> None:
    requests = [
        Request(
            "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/{role}", {"iam:PassedToService": f"{service}.amazonaws.com"}
        )
        for role in (PROJECTS, SERVICE_CATALOG)
        for service in ("cloudformation", "lambda")
    ]
    assert [got == "Allowed" for *_, got in outcome(PROJECTS, requests)] == [True, False, False, False]
    assert [got == "Allowed" for *_, got in outcome(SERVICE_CATALOG, requests)] == [False] * 4


@pytest.mark.parametrize("role", ROLES)
def test_what_is_dangerous_is_denied(role: str) -> None:
    requests = dangers()
    assert len({(each.action, each.resource) for each in requests}) >= 60
    wrong = [each for each in outcome(role, requests) if each[2] not in ("ImplicitlyDenied", "ExplicitlyDenied")]
    assert wrong == []


def test_the_lists_cover_every_type_of_the_templates() -> None:
    types = {each["Type"] for flavour in FLAVOURS for each in project(flavour).template["Resources"].values()}
    assert types == by_hand().keys()


def test_handler_permissions_are_those_of_the_schemas() -> None:
    assert handlers() == schema_handlers(aws_types()), "python -m tests.catalog.launch_schemas writes them again"
    assert [name for name, operations in handlers().items() if not operations] == ["AWS::CodeBuild::Project"]


def test_what_is_unneeded_is_in_a_schema_and_in_no_list_of_ours() -> None:
    listed = {each for operations in handlers().values() for actions in operations.values() for each in actions}
    ours = {each for operations in by_hand().values() for actions in operations.values() for each in actions}
    assert [each for each in sorted(ours) if is_unneeded(each)] == []
    assert sorted(listed - needed_actions()) == sorted(each for each in listed if is_unneeded(each))
    assert all(reason and patterns for reason, patterns in unneeded().items())


def test_each_list_has_what_the_other_lacks() -> None:
    listed = {each for operations in handlers().values() for actions in operations.values() for each in actions}
    ours = {each for operations in by_hand().values() for actions in operations.values() for each in actions}
    assert {"codebuild:CreateProject", "codeconnections:PassConnection", "lambda:InvokeFunction"} <= ours - listed
    assert {"kms:RetireGrant", "codepipeline:GetPipelineState"} <= listed


@pytest.mark.parametrize("role", ROLES)
def test_policies_stay_below_iam_s_limits(role: str) -> None:
    resources = launch_roles().all_resources()
    managed = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::IAM::ManagedPolicy"]
    assert max(characters(each["PolicyDocument"]) for each in managed) <= MOST_IN_A_POLICY
    (own,) = (each["Properties"] for each in resources.values() if each["Properties"].get("RoleName") == role)
    assert 0 < len(own["ManagedPolicyArns"]) <= MOST_ATTACHED
    assert sum(characters(each["PolicyDocument"]) for each in own["Policies"]) <= MOST_IN_A_ROLE


def test_only_service_catalog_of_this_account_takes_its_role() -> None:
    (statement,) = trust(SERVICE_CATALOG)
    assert statement["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:servicecatalog:*:{ACCOUNT}:*"},
    }


def test_only_named_execution_roles_and_cloudformation_take_the_other() -> None:
    service, users = trust(PROJECTS)
    assert service["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert users["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/studio"]}
    nobody = launch_roles("")
    assert "ProjectsLaunchRole" in launch_roles().resources() and "ProjectsLaunchRole" not in nobody.resources()


def trust(role: str) -> list[dict[str, object]]:
    resources = launch_roles().all_resources().values()
    (found,) = (each["Properties"] for each in resources if each["Properties"].get("RoleName") == role)
    return list(found["AssumeRolePolicyDocument"]["Statement"])
