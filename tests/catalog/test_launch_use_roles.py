"""The boundary lets each role of a project do its own work; none of them can do anything dangerous."""

from __future__ import annotations

import pytest

from service_catalog.launch.names import BOUNDARY
from tests.catalog.launch_dangers import dangers
from tests.catalog.launch_instances import as_aws_knows, instances
from tests.catalog.launch_requests import arn
from tests.catalog.launch_simulator import simulator
from tests.catalog.launch_templates import (
    FLAVOURS,
    Stack,
    boundary,
    characters,
    policies_of,
    project,
    role_arn,
    role_names,
)
from tests.infrastructure.cfn_templates import ACCOUNT, REGION

pytestmark = pytest.mark.slow
# Each role once: the flavours share most of them.
ROLES = sorted(
    {role: flavour for flavour in ("github", "codepipeline") for role in role_names(project(flavour))}.items()
)

# AWS's own roles name the old prefix beside the new one; an ARN has only one of both.
OLD_PREFIX = {"codestar-connections:UseConnection"}
DEPLOYS = ("staging-deploy", "production-deploy")
SEEDER = {"ChannelBucket": f"sagemaker-mlops-{ACCOUNT}-{REGION}", "PackageKey": "seeder/0a1b.zip"}
KNOWN = {
    ("s3:ListAllMyBuckets", "*"): "names of the account's buckets, which have no resource to name",
    ("sns:Unsubscribe", arn("sns", "security")): "deploy-role.yaml ends subscriptions by their id, on any topic",
}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_role_is_within_the_boundary(flavour: str) -> None:
    resources = project(flavour).all_resources().values()
    boundaries = {
        each["Properties"].get("PermissionsBoundary") for each in resources if each["Type"] == "AWS::IAM::Role"
    }
    assert boundaries == {f"arn:aws:iam::{ACCOUNT}:policy/{BOUNDARY}"}


def test_the_boundary_fits_a_managed_policy() -> None:
    assert characters(boundary()["policy"]) <= 6_144


@pytest.mark.parametrize(("role", "flavour"), ROLES)
def test_the_boundary_takes_nothing_from_a_role_s_own_work(role: str, flavour: str) -> None:
    policies = policies_of(project(flavour), role)
    requests = [as_aws_knows(request) for each in policies for request in instances(each["policy"])]
    principal = role_arn(role)
    free = simulator().results(requests, principal, policies)
    within = simulator().results(requests, principal, policies, boundary())
    possible = {each.action for each, got in zip(requests, free, strict=True) if got == "Allowed"}
    assert sorted({each.action for each in requests} - possible - OLD_PREFIX) == []
    taken = [
        (each.action, each.resource, now)
        for each, before, now in zip(requests, free, within, strict=True)
        if before == "Allowed" and now != "Allowed"
    ]
    assert taken == []


@pytest.mark.parametrize(("role", "flavour"), ROLES)
def test_no_role_of_a_project_can_do_what_is_dangerous(role: str, flavour: str) -> None:
    requests = dangers()
    policies = policies_of(project(flavour), role)
    results = simulator().results(requests, role_arn(role), policies, boundary())
    denied = ("ImplicitlyDenied", "ExplicitlyDenied")
    done = {(each.action, each.resource) for each, got in zip(requests, results, strict=True) if got not in denied}
    assert done == (set(KNOWN) if role.endswith(DEPLOYS) else set())


@pytest.mark.parametrize("role", [f"sagemaker-mlops-seeder-{REGION}", f"sagemaker-mlops-seeder-push-{REGION}"])
def test_the_seeder_does_its_own_work_and_nothing_dangerous_but_use_tagged_connections(role: str) -> None:
    policies = policies_of(Stack("seeder", SEEDER), role)
    own = [request for each in policies for request in instances(each["policy"])]
    requests = [*own, *dangers()]
    results = simulator().results(requests, f"arn:aws:iam::{ACCOUNT}:role/{role}", policies)
    answers = [(each.action, got) for each, got in zip(requests, results, strict=True)]
    assert [each for each in answers[: len(own)] if each[1] != "Allowed"] == []
    assert {action for action, got in answers[len(own) :] if got == "Allowed"} == {"codeconnections:UseConnection"}
