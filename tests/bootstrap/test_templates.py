"""cfn-lint, cloudformation-validate with guard rules, checkov and yamllint find nothing that is not explained."""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine import run_command
from tests.validators import Finding, found_by_validators

SUPPRESSIONS = tomllib.loads((Path(__file__).parent / "suppressions.toml").read_text(encoding="utf-8"))
SYSTEMS = ("codepipeline", "github", "gitlab")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(bake: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[Finding, str]:
    """(tool and rule, template:resource) -> message, over the templates of all CI systems."""
    found: dict[Finding, str] = {}
    for ci in SYSTEMS:
        folder = tmp_path_factory.mktemp(ci)
        for template in (bake(ci=ci) / "model-deploy" / "bootstrap").glob("*.yaml"):
            shutil.copy(template, folder)
        found |= found_by_validators(folder)
    return found


def test_every_finding_is_explained(findings: dict[Finding, str]) -> None:
    unexplained = {
        finding: message for finding, message in findings.items() if finding[1] not in SUPPRESSIONS.get(finding[0], {})
    }
    assert unexplained == {}


def test_every_explanation_explains_something(findings: dict[Finding, str]) -> None:
    explained = {(rule, place) for rule, places in SUPPRESSIONS.items() for place in places}
    assert sorted(explained - findings.keys()) == []


@pytest.mark.parametrize("ci", SYSTEMS)
def test_yaml_is_clean(ci: str, bake: Callable[..., Path]) -> None:
    linted = run_command(
        [Path(sys.executable).with_name("yamllint"), "--strict", "."], cwd=bake(ci=ci) / "model-deploy"
    )
    assert linted.returncode == 0, linted.stdout
