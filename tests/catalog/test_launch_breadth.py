"""cloudsplaining finds no privilege escalation and nothing unconstrained in any role, but for what is explained."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from service_catalog.launch.statements import PROJECTS, SERVICE_CATALOG
from tests.catalog.launch_templates import FLAVOURS, launch_roles, policies_of, project, role_names
from tests.machine import run_command

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
ENI = (
    "SageMaker's jobs in a VPC need it of their role, and it has no resource to name (developer guide, SageMaker roles)"
)
LOGIN = "the token gives no more than the role's rights to repositories, and it has no resource to name"
EXPLAINED = {
    ("build-ci/own", "credentials exposure", "ecr:GetAuthorizationToken"): LOGIN,
    ("training-pipeline/own", "credentials exposure", "ecr:GetAuthorizationToken"): LOGIN,
    ("training-pipeline/own", "unconstrained write", "ec2:CreateNetworkInterface"): ENI,
    ("training-pipeline/own", "unconstrained write", "ec2:DeleteNetworkInterface"): ENI,
    ("training-pipeline/own", "resource exposure", "ec2:CreateNetworkInterfacePermission"): ENI,
    ("training-pipeline/own", "resource exposure", "ec2:DeleteNetworkInterfacePermission"): ENI,
}
ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def findings(policies: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """(role and policy, question, answer)"""
    done = run_command([PYTHON, Path(__file__).with_name("launch_cloudsplaining.py")], given=json.dumps(policies))
    assert done.returncode == 0, done.stdout
    answers = json.loads(done.stdout[done.stdout.index("[") :])
    return {(each["policy"], each["question"], each["answer"]) for each in answers}


def test_launch_roles_are_narrow() -> None:
    policies = [each for role in (SERVICE_CATALOG, PROJECTS) for each in policies_of(launch_roles(), role)]
    assert len(policies) >= 10
    assert findings(policies) == set()


def test_roles_of_projects_are_narrow_but_for_what_is_explained() -> None:
    policies = {}
    for flavour in FLAVOURS:
        stack = project(flavour)
        for role in role_names(stack):
            for each in policies_of(stack, role):
                name = f"{role.removeprefix(stack.values['SageMakerProjectName'] + '-')}/{each['name']}"
                policies[flavour, name] = {"name": name, "policy": each["policy"]}
    assert len(policies) >= 40
    assert findings(list(policies.values())) == EXPLAINED.keys()


def test_the_questions_can_be_answered_with_yes() -> None:
    found = findings([{"name": "administrator", "policy": ADMINISTRATOR}])
    assert {question for _, question, _ in found} >= {
        *("privilege escalation", "data exfiltration", "credentials exposure", "resource exposure"),
        *("unconstrained write", "unconstrained tagging"),
    }
