"""cfn-lint, cloudformation-validate with guard rules, checkov and cdk-nag leave nothing unexplained here."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from service_catalog.publisher.settings import EXAMPLE, Organisation, load_settings
from service_catalog.publisher.synthesis import publisher_text
from service_catalog.stacks import FOLDER, Synthesized
from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[2]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
SUPPRESSIONS = tomllib.loads(Path(__file__).with_name("publisher_suppressions.toml").read_text(encoding="utf-8"))
TEMPLATES = ("channel", "publisher")
EVERYTHING = replace(
    load_settings(EXAMPLE),
    organisation=Organisation("Us", "us@example.org", "o-0123456789", ("ou-abcd-11111111",), True, ""),
    tag_options={"cost-center": ("1001", "1002")},
)
Finding = tuple[str, str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(synthesized: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> dict[Finding, str]:
    """(tool and rule, template and resource) -> message; of an organisation's publisher too."""
    assert synthesized.templates
    folder = tmp_path_factory.mktemp("templates")
    for name in TEMPLATES:
        shutil.copy(FOLDER / f"{name}.yaml", folder)
    (folder / "organisation.yaml").write_text(publisher_text(EVERYTHING), encoding="utf-8")
    validator = ROOT / "tests" / "infrastructure" / "validate_templates.py"
    command: list[str | Path] = [VALIDATORS, validator, folder, validator.with_name("guard")]
    done = run_command(command, env={"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout[done.stdout.index("[") :])
    return {
        (f"{each['tool']} {each['rule']}", f"{each['template']}:{each['resource']}"): each["message"] for each in found
    }


def test_every_finding_in_channel_and_publisher_is_explained(findings: dict[Finding, str]) -> None:
    unexplained = {
        finding: message for finding, message in findings.items() if finding[1] not in SUPPRESSIONS.get(finding[0], {})
    }
    assert unexplained == {}


def test_every_explanation_explains_something_in_channel_and_publisher(findings: dict[Finding, str]) -> None:
    explained = {(rule, place) for rule, places in SUPPRESSIONS.items() for place in places}
    assert sorted(explained - findings.keys()) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_cdk_nag_finds_nothing_in_channel_and_publisher(name: str, synthesized: Synthesized) -> None:
    assert synthesized.findings[name] == []
