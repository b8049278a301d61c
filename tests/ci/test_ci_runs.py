"""The generated test jobs really run: with act (GitHub), gitlab-ci-local (GitLab) and bash (CodeBuild's phases)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from definitions import Project, scripts
from machine import require_program, run_command

from tests.npm_tools import install_node_tools

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = {
    "VENV": os.environ.get("PROJECT_VENV", str(ROOT / ".venv-project")),
    "JOB_VENV": os.environ.get("PROJECT_JOB_VENV", str(ROOT / ".venv-job")),
    "UV": str(Path(sys.executable).with_name("uv")),
}
Run = Callable[[Path], subprocess.CompletedProcess[str]]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory, project: Project) -> dict[str, str]:
    """Environments shared by generated projects, one cache for mypy, one file of tests: tests/template runs all."""
    made = run_command(["make", "setup"], cwd=project("github"), env=ENVIRONMENTS)
    assert made.returncode == 0, made.stdout
    few_tests = {"PYTEST_ADDOPTS": "tests/test_publish_image.py"}
    return {**ENVIRONMENTS, **few_tests, "MYPY_CACHE_DIR": str(tmp_path_factory.mktemp("mypy"))}


@pytest.fixture
def repository(project: Project, tmp_path: Path) -> Callable[[str], Path]:
    """A generated project as a git repository of its own, as its owner would push it."""

    def create(ci: str) -> Path:
        folder = Path(shutil.copytree(project(ci), tmp_path / "repository"))
        commit(folder, "init", "--quiet", "--initial-branch", "main")
        commit(folder, "remote", "add", "origin", "git@git.invalid:team/model-build.git")
        return folder

    return create


def commit(folder: Path, *command: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@git.invalid", "-c", "core.autocrlf=false"]
    steps = [command] if command else []
    for step in [*steps, ["add", "--all"], ["commit", "--quiet", "--allow-empty", "--message", "Change"]]:
        done = run_command(["git", *identity, *step], cwd=folder)
        assert done.returncode == 0, done.stdout


@pytest.fixture
def act(variables: dict[str, str], tmp_path: Path) -> Run:
    """Runs the workflow's test job on this machine, as GitHub would on its own."""

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        workflow = ".github/workflows/model-build.yml"
        program = Path(sys.executable).with_name("act")
        command: list[str | Path] = [
            program,
            "push",
            "-W",
            workflow,
            "-j",
            "test",
            "-P",
            "ubuntu-24.04=-self-hosted",
            *given,
        ]
        return run_command(command, cwd=folder, env={"XDG_CACHE_HOME": str(tmp_path / "cache")})

    return run


@pytest.fixture
def gitlab_ci_local(variables: dict[str, str], tmp_path: Path) -> Run:
    """Runs the pipeline's test job in a shell on this machine, as a GitLab runner would."""
    require_program("rsync", "rsync")
    tools = install_node_tools(tmp_path)
    program = tools.modules / "gitlab-ci-local" / "dist" / "index.js"

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        given = [part for name, value in variables.items() for part in ("--variable", f"{name}={value}")]
        command: list[str | Path] = [tools.node, program, "--force-shell-executor", "--home", tmp_path, *given, "test"]
        return run_command(command, cwd=folder)

    return run


@pytest.fixture
def codebuild(variables: dict[str, str]) -> Run:
    """Runs the phases of the test build in one shell, which is how CodeBuild runs version 0.2."""

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        script = "\n".join(scripts("codepipeline", folder / "buildspec-test.yml"))
        return run_command(["bash", "-e", "-c", script], cwd=folder, env=variables)

    return run


@pytest.mark.parametrize(
    ("ci", "runner"), [("github", "act"), ("gitlab", "gitlab_ci_local"), ("codepipeline", "codebuild")]
)
def test_the_test_job_passes_and_notices_a_lint_error(
    ci: str, runner: str, repository: Callable[[str], Path], request: pytest.FixtureRequest
) -> None:
    run: Run = request.getfixturevalue(runner)
    folder = repository(ci)
    passed = run(folder)
    assert passed.returncode == 0, passed.stdout[-6000:]
    assert " passed" in passed.stdout

    (folder / "model_build" / "spoiled.py").write_text("import os\n", encoding="utf-8")
    commit(folder)
    failed = run(folder)
    assert failed.returncode != 0
    assert "F401" in failed.stdout
    assert " passed" not in failed.stdout
