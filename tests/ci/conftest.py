"""Projects with each CI system, and the tools that check and run their definitions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from definitions import DEFINITIONS, Definition, Project, Tool
from machine import run_command

from tests.ci.github_api import environment_with

Bake = Callable[..., Path]


@pytest.fixture(scope="session")
def project(bake: Bake) -> Project:
    """`project("github")` is the model-build folder of a project for that CI system; for reading only."""
    return lambda ci: bake(ci=ci) / "model-build"


@pytest.fixture(scope="session")
def definition(project: Project) -> Definition:
    """`definition("github")` is the CI definition of a project for that CI system; a name picks one of several."""
    return lambda ci, name=None: project(ci) / (name or DEFINITIONS[ci][0])


@pytest.fixture(scope="session")
def tool() -> Tool:
    """`tool("hadolint", "Dockerfile")` runs a program of this environment; its output is one text."""

    def run(
        name: str, *arguments: str | Path, given: str | None = None, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        programs = Path(sys.executable).parent
        return run_command(
            [programs / name, *arguments],
            given=given,
            cwd=cwd,
            env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        )

    return run


@pytest.fixture
def reviewed() -> Iterator[dict[str, str]]:
    """Variables of a job that finds reviewers of production."""
    with environment_with("required_reviewers", "branch_policy") as variables:
        yield variables


@pytest.fixture
def unreviewed() -> Iterator[dict[str, str]]:
    """Variables of a job that finds none."""
    with environment_with("wait_timer", "branch_policy") as variables:
        yield variables
