"""cfn-lint, cloudformation-validate with guard rules, checkov and cdk-nag find nothing unexplained in the seeder."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from service_catalog.stacks import FOLDER, Synthesized
from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[3]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
SUPPRESSIONS = tomllib.loads(Path(__file__).with_name("seeder_suppressions.toml").read_text(encoding="utf-8"))
Finding = tuple[str, str]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, synthesized: Synthesized) -> set[Finding]:
    """(tool and rule, template and resource)."""
    folder = tmp_path_factory.mktemp("templates")
    shutil.copy(FOLDER / "seeder.yaml", folder)
    validator = ROOT / "tests" / "infrastructure" / "validate_templates.py"
    done = run_command([VALIDATORS, validator, folder, validator.with_name("guard")], env={"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stdout
    nag = [line.partition(" ") for line in synthesized.findings["seeder"]]
    return {(f"cdk-nag {rule}", f"seeder {path}") for rule, _, path in nag} | {
        (f"{each['tool']} {each['rule']}", f"{each['template']}:{re.sub('[0-9A-F]{8}$', '', each['resource'])}")
        for each in json.loads(done.stdout[done.stdout.index("[") :])
    }


def test_every_finding_in_the_seeder_is_explained_and_every_explanation_needed(findings: set[Finding]) -> None:
    explained = {(rule, place) for rule, places in SUPPRESSIONS.items() for place in places}
    assert findings - explained == set()
    assert explained - findings == set()
