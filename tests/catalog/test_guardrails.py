"""Each guardrail stops what it is for, and lets a project live as our own pipelines, stages and people make it live."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from service_catalog.guardrails.command import command, files
from service_catalog.guardrails.config_rules import RULES
from service_catalog.guardrails.control_policies import control_policies
from service_catalog.guardrails.people_boundary import PEOPLE
from tests.catalog.guardrails_cases import ALLOWED, DENIED
from tests.catalog.guardrails_people import PEOPLE_MAY, PEOPLE_MAY_NOT
from tests.catalog.guardrails_requests import EVERYTHING, compiled, job_requests, known_keys, under
from tests.catalog.launch_simulator import simulator
from tests.catalog.launch_templates import Stack, characters
from tests.infrastructure.cfn_templates import ACCOUNT

pytestmark = pytest.mark.slow
# Quotas of Organizations, for one policy and for one target.
MOST_CHARACTERS = 5_120
MOST_POLICIES = 5


@pytest.mark.parametrize("name", sorted(control_policies()))
def test_control_policy_stops_what_it_is_for_and_alone_does(name: str) -> None:
    requests = [(role, request) for policy, role, request in DENIED if policy == name]
    assert requests
    for role, request in requests:
        assert under({name: control_policies()[name]}, role, [request]) == ["ExplicitlyDenied"], request
        assert under({}, role, [request]) == ["Allowed"], request


def test_pipelines_that_our_projects_compile_pass_all_control_policies(bake: Callable[..., Path]) -> None:
    requests = job_requests(compiled(bake()))
    assert {each.action for each in requests} == {
        f"sagemaker:{action}" for action in ("CreateTrainingJob", "CreateProcessingJob", "CreateModelPackage")
    }
    assert len(requests) >= 8
    assert set(under(control_policies(), "census-income-pipeline", requests)) == {"Allowed"}


def test_the_rest_of_a_project_s_life_passes_all_control_policies() -> None:
    for role, request in ALLOWED:
        assert under(control_policies(), role, [request]) == ["Allowed"], request


def test_control_policies_use_only_keys_that_iam_knows_for_the_action() -> None:
    asked = []
    for policy in control_policies().values():
        for statement in policy["Statement"]:
            keys = [
                key
                for test in statement.get("Condition", {}).values()
                for key in test
                if not key.startswith("aws:Principal")
            ]
            asked += [(action, key) for action in statement.get("Action", []) for key in keys if "*" not in action]
    known = known_keys(sorted({action for action, _ in asked}))
    unknown = [
        (action, key)
        for action, key in asked
        if key not in known[action]
        and f"{key}Arn" not in known[action]
        and not (key.startswith("aws:RequestTag/") and "aws:RequestTag/${TagKey}" in known[action])
    ]
    assert len(asked) > 40
    assert unknown == []


def test_every_action_of_the_control_policies_exists() -> None:
    named = {
        action
        for policy in control_policies().values()
        for each in policy["Statement"]
        for action in each.get("Action", [])
        if "*" not in action
    }
    assert sorted(named - known_keys(sorted(named)).keys()) == []


def test_control_policies_fit_and_are_committed_as_the_code_makes_them() -> None:
    assert max(len(text) for text in files().values()) <= MOST_CHARACTERS
    assert {name: json.loads(text) for name, text in files().items()} == {
        f"scp-{name}.json": policy for name, policy in control_policies().items()
    }
    assert len(files()) + len(["FullAWSAccess"]) <= MOST_POLICIES
    result = CliRunner().invoke(command, ["--check"])
    assert (result.exit_code, result.output) == (0, "")


def test_conformance_pack_holds_managed_rules_only() -> None:
    pack = Stack("guardrails", {}).all_resources()["Rules"]["Properties"]
    rules = [each["Properties"] for each in yaml.safe_load(pack["TemplateBody"])["Resources"].values()]
    assert sorted(each["Source"]["SourceIdentifier"] for each in rules) == sorted(RULES)
    assert {each["Source"]["Owner"] for each in rules} == {"AWS"}
    assert len(pack["TemplateBody"]) < 51_200
    assert (
        len({each["ConfigRuleName"] for each in rules}) == len(rules)
        and max(len(each["ConfigRuleName"]) for each in rules) <= 128
    )


def test_people_work_within_their_boundary_and_raise_nobody_s_rights() -> None:
    properties = Stack("guardrails", {}).all_resources()["People"]["Properties"]
    assert properties["ManagedPolicyName"] == PEOPLE
    assert characters(properties["PolicyDocument"]) <= 6_144
    boundary = {"name": "boundary", "policy": properties["PolicyDocument"]}
    everything = [{"name": "all", "policy": EVERYTHING}]
    results = simulator().results(
        [*PEOPLE_MAY, *PEOPLE_MAY_NOT], f"arn:aws:iam::{ACCOUNT}:role/DataScientist", everything, boundary
    )
    wrong = [
        (each.action, got)
        for each, got in zip([*PEOPLE_MAY, *PEOPLE_MAY_NOT], results, strict=True)
        if (got == "Allowed") != (each in PEOPLE_MAY) or got.startswith("error")
    ]
    assert wrong == []
