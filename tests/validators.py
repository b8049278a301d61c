"""What cfn-lint, cloudformation-validate with our guard rules and checkov find in a folder of templates."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.machine import run_command

ROOT = Path(__file__).resolve().parents[1]
VALIDATORS = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
Finding = tuple[str, str]


def found_by_validators(folder: Path) -> dict[Finding, str]:
    """(tool and rule, template:resource) -> message."""
    script = ROOT / "tests" / "infrastructure" / "validate_templates.py"
    done = run_command([VALIDATORS, script, folder, script.with_name("guard")], env={"PYTHONWARNINGS": "ignore"})
    assert done.returncode == 0, done.stdout
    return {
        (f"{each['tool']} {each['rule']}", f"{each['template']}:{each['resource']}"): each["message"]
        for each in json.loads(done.stdout[done.stdout.index("[") :])
    }
