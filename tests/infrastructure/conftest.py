"""The CloudFormation templates that option sets give, each content once, and the values their command line gives."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.cfn_templates import Document, load
from tests.template.option_sets import CHOICES, PAIRWISE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DEPLOY_PYTHON = Path(os.environ.get("PROJECT_DEPLOY_VENV", ROOT / ".venv-deploy")) / "bin" / "python"
VALIDATORS_PYTHON = Path(os.environ.get("VALIDATORS_VENV", ROOT / ".venv-validators")) / "bin" / "python"
Bake = Callable[..., Path]
Parameters = dict[str, dict[str, dict[str, str]]]
Findings = list[dict[str, str]]


def template_name(file: str, inference: str) -> str:
    """`endpoint-<way of inference>` for endpoints, whose template differs; realtime and batch share theirs."""
    part = file.removesuffix(".yaml")
    way = "realtime" if inference == "realtime_and_batch" else inference
    return f"{part}-{way}" if part == "endpoint" else part


@pytest.fixture(scope="session")
def template_files(bake: Bake) -> dict[str, Path]:
    """Templates of the pairwise option sets; those of one name must not differ."""
    found: dict[str, Path] = {}
    for options in PAIRWISE:
        project = bake(**{**options, "infrastructure": "cloudformation"})
        for path in sorted((project / "model-deploy" / "infrastructure").glob("*.yaml")):
            name = template_name(path.name, options["inference"])
            assert found.setdefault(name, path).read_bytes() == path.read_bytes(), f"{name} depends on {options}"
    assert sorted(found) == ["batch", "endpoint-async", "endpoint-realtime", "endpoint-serverless", "foundation"]
    return found


@pytest.fixture(scope="session")
def templates(template_files: dict[str, Path]) -> dict[str, Document]:
    return {name: load(path) for name, path in template_files.items()}


@pytest.fixture(scope="session")
def parameters(bake: Bake) -> Parameters:
    """{template: {stage: values}}, as the project's command line computes them."""
    found: Parameters = {}
    for inference in CHOICES["inference"]:
        project = bake(inference=inference, infrastructure="cloudformation") / "model-deploy"
        command = [str(DEPLOY_PYTHON), str(HERE / "deployment_parameters.py"), str(project)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        for stage, parts in json.loads(done.stdout).items():
            for part, values in parts.items():
                found.setdefault(template_name(f"{part}.yaml", inference), {})[stage] = values
    return found


def accepted(template: Document, values: dict[str, str]) -> dict[str, str]:
    """Those of the values that the template declares; the command line passes just these."""
    return {name: value for name, value in values.items() if name in template["Parameters"]}


@pytest.fixture(scope="session")
def findings(
    template_files: dict[str, Path],
    templates: dict[str, Document],
    parameters: Parameters,
    tmp_path_factory: pytest.TempPathFactory,
) -> Findings:
    """What the validators find in all templates, with the values of production."""
    folder = tmp_path_factory.mktemp("templates")
    for name, path in template_files.items():
        (folder / f"{name}.yaml").write_bytes(path.read_bytes())
        values = accepted(templates[name], parameters[name]["production"])
        (folder / f"{name}.json").write_text(json.dumps(values), encoding="utf-8")
    found: Findings = run_validators("validate_templates.py", folder, HERE / "guard")
    return found


def run_validators(script: str, *arguments: Path) -> Any:
    """JSON that a script of this folder prints in the validators' environment."""
    command = [str(VALIDATORS_PYTHON), str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
