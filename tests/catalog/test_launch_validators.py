"""Validators find nothing unexplained in launch roles and guardrails."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from service_catalog.stacks import Synthesized
from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[2]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
SUPPRESSIONS = tomllib.loads(Path(__file__).with_name("launch_suppressions.toml").read_text(encoding="utf-8"))
TEMPLATES = ("guardrails", "launch-roles")
Finding = tuple[str, str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, synthesized: Synthesized) -> dict[Finding, str]:
    """(tool and rule, template and resource) -> message."""
    folder = tmp_path_factory.mktemp("templates")
    for name in TEMPLATES:
        shutil.copy(ROOT / "service_catalog" / "templates" / f"{name}.yaml", folder)
    validator = ROOT / "tests" / "infrastructure" / "validate_templates.py"
    command: list[str | Path] = [VALIDATORS, validator, folder, validator.with_name("guard")]
    done = run_command(command, env={"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stdout
    nag = [(*line.partition(" "), name) for name in TEMPLATES for line in synthesized.findings[name]]
    return {(f"cdk-nag {rule}", f"{name}:{path}"): "" for rule, _, path, name in nag} | {
        (f"{each['tool']} {each['rule']}", f"{each['template']}:{each['resource']}"): each["message"]
        for each in json.loads(done.stdout[done.stdout.index("[") :])
    }


def test_every_finding_in_launch_roles_and_guardrails_is_explained(findings: dict[Finding, str]) -> None:
    unexplained = {
        finding: message for finding, message in findings.items() if finding[1] not in SUPPRESSIONS.get(finding[0], {})
    }
    assert unexplained == {}


def test_every_explanation_explains_something_in_launch_roles_and_guardrails(findings: dict[Finding, str]) -> None:
    explained = {(rule, place) for rule, places in SUPPRESSIONS.items() for place in places}
    assert sorted(explained - findings.keys()) == []
