"""Stamped-out projects pass their own checks and run their own pipeline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from option_sets import ALL_ON, OTHER_PROBLEMS, PAIRWISE, label

from tests.terraform_cli import cli_configuration, require_terraform

ROOT = Path(__file__).resolve().parents[2]
Bake = Callable[..., Path]
UV = {"UV": str(ROOT / ".venv" / "bin" / "uv")}
ENVIRONMENTS = {
    "model-build": {
        "VENV": os.environ.get("PROJECT_VENV", str(ROOT / ".venv-project")),
        "JOB_VENV": os.environ.get("PROJECT_JOB_VENV", str(ROOT / ".venv-job")),
        **UV,
    },
    "model-deploy": {"VENV": os.environ.get("PROJECT_DEPLOY_VENV", str(ROOT / ".venv-deploy")), **UV},
}
SHARED_CACHES = {"MYPY_CACHE_DIR": str(ROOT / "build" / f"mypy-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")}


@pytest.fixture
def own_copy(bake: Bake, tmp_path: Path) -> Callable[..., Path]:
    def copy(repository: str = "model-build", **options: str) -> Path:
        return Path(shutil.copytree(bake(**options) / repository, tmp_path / repository))

    return copy


def make(project: Path, *arguments: str, **environment: str) -> str:
    given = (f"{key}={value}" for key, value in ENVIRONMENTS[project.name].items())
    command = ["make", "--no-print-directory", *arguments, *given]
    environment = {**os.environ, **SHARED_CACHES, "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        command, cwd=project, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, f"{' '.join(arguments)} failed in {project}\n{done.stdout[-6000:]}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("repository", ENVIRONMENTS)
@pytest.mark.parametrize("options", PAIRWISE, ids=label)
def test_project_passes_its_own_lint_and_unit_tests(
    own_copy: Callable[..., Path], options: dict[str, str], repository: str
) -> None:
    terraform: dict[str, str] = {}
    if (repository, options["infrastructure"]) == ("model-deploy", "terraform"):
        require_terraform()
        terraform = {"TF_CLI_CONFIG_FILE": str(cli_configuration())}
    project = own_copy(repository, **options)
    make(project, "lint", **terraform)
    assert " passed" in make(project, "test-fast")


@pytest.mark.slow
@pytest.mark.parametrize("options", [ALL_ON, *OTHER_PROBLEMS], ids=label)
def test_project_passes_its_whole_test_suite(own_copy: Callable[..., Path], options: dict[str, str]) -> None:
    project = own_copy(**options)
    make(project, "lint")
    output = make(project, "test")
    assert " passed" in output, output[-3000:]
    if options == ALL_ON:
        assert " skipped" not in output, output[-3000:]


def newest(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern), key=lambda path: path.stat().st_mtime)
    assert found, f"no {pattern} under {folder}"
    return found[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem_type", "metric", "margin"),
    [
        ("binary_classification", "accuracy", 0.08),
        ("multiclass_classification", "accuracy", 0.25),
        ("regression", "rmse", -0.5),
    ],
)
def test_whole_pipeline_registers_a_model_that_beats_a_constant_prediction_by_the_stated_margin(
    own_copy: Callable[..., Path], problem_type: str, metric: str, margin: float
) -> None:
    project = own_copy(problem_type=problem_type)
    make(project, "run")
    evaluation = json.loads(newest(project / ".local" / "s3", "evaluation.json").read_text(encoding="utf-8"))
    comparison = evaluation["naive_baseline"]
    assert comparison["metric"] == metric
    assert comparison["difference"] / margin >= 1, comparison
    assert evaluation["gate"]["passed"]
    if problem_type == "binary_classification":
        assert evaluation["binary_classification_metrics"]["auc"]["value"] >= 0.92
    entries = list((project / ".local" / "registry").rglob("*.json"))
    assert any("PendingManualApproval" in entry.read_text(encoding="utf-8") for entry in entries)
    report = newest(project / ".local" / "s3", "report.html").read_text(encoding="utf-8")
    assert "<svg" in report and 'src="http' not in report and 'href="http' not in report
