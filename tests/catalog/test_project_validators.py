"""cfn-lint, cloudformation-validate with guard rules, checkov and cdk-nag find nothing that is not explained."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from service_catalog.stacks import FOLDER, Synthesized
from tests.catalog.project_stacks import FLAVOURS
from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[2]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
EXPLAINED = tomllib.loads(Path(__file__).with_name("project_suppressions.toml").read_text(encoding="utf-8"))
BOOTSTRAP = tomllib.loads((ROOT / "tests/bootstrap/suppressions.toml").read_text(encoding="utf-8"))
# What a bootstrap template's resources are called in the project stack: a prefix before their own ids.
PARTS = {
    "StagingBase": "stage",
    "ProductionBase": "stage",
    "StagingAccess": "deploy-role",
    "ProductionAccess": "deploy-role",
    "Tooling": "tooling",
    "DeployBuilds": "builds",
    "DeployCi": "ci",
    "DeployEvents": "events",
    "DeployPipeline": "pipeline",
    "Approvals": "approvals",
}
Finding = tuple[str, str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, synthesized: Synthesized) -> dict[Finding, str]:
    """(tool and rule, template and resource) -> message."""
    folder = tmp_path_factory.mktemp("projects")
    for ci in FLAVOURS:
        shutil.copy(FOLDER / f"project-{ci}.yaml", folder)
    validator = ROOT / "tests" / "infrastructure" / "validate_templates.py"
    command: list[str | Path] = [VALIDATORS, validator, folder, validator.with_name("guard")]
    done = run_command(command, env={"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stdout
    found = {
        (f"{each['tool']} {each['rule']}", f"{each['template']}:{each['resource']}"): each["message"]
        for each in json.loads(done.stdout[done.stdout.index("[") :])
    }
    for ci in FLAVOURS:
        for line in synthesized.findings[f"project-{ci}"]:
            rule, _, construct = line.partition(" ")
            found[f"cdk-nag {rule}", f"project-{ci}:{construct}"] = line
    return found


def explanations(rule: str, place: str) -> Iterator[str]:
    yield from (pattern for pattern in EXPLAINED.get(rule, {}) if fnmatchcase(place, pattern))
    resource = place.partition(":")[2]
    for prefix, template in PARTS.items():
        own = f"{template}:{resource.removeprefix(prefix)}"
        if resource.startswith(prefix) and own in BOOTSTRAP.get(rule, {}):
            yield own


def test_every_finding_is_explained(findings: dict[Finding, str]) -> None:
    unexplained = {finding: message for finding, message in findings.items() if not any(explanations(*finding))}
    assert unexplained == {}


def test_every_explanation_explains_something(findings: dict[Finding, str]) -> None:
    used = {(rule, pattern) for rule, place in findings for pattern in explanations(rule, place)}
    assert [(rule, each) for rule, places in EXPLAINED.items() for each in places if (rule, each) not in used] == []
