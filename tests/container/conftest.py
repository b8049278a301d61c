"""The image of a stamped-out project, built by its own Makefile, and its pipeline run in it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from base_image import SETTINGS, write_base_image
from engine import IMAGE, Docker, running_engine
from machine import run_command

ROOT = Path(__file__).resolve().parents[2]
BASE = "model-build-test-base"


@pytest.fixture(scope="session")
def engine() -> Iterator[dict[str, str]]:
    with running_engine() as variables:
        yield {**variables, "IMAGE": IMAGE, "MODEL_BUILD_IMAGE": f"{IMAGE}:latest"}


@pytest.fixture(scope="session")
def docker(engine: dict[str, str]) -> Docker:
    """`docker("run", ...)`; stdout holds stderr as well."""
    return lambda *arguments: run_command(["docker", *arguments], env=engine)


@pytest.fixture(scope="session")
def base(bake: Callable[..., Path], docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Dockerfile's own base image where a registry gives it, else one from this machine's files."""
    dockerfile = (bake() / "model-build" / "Dockerfile").read_text(encoding="utf-8")
    default = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, flags=re.MULTILINE)[0]
    if docker("pull", "--quiet", default).returncode == 0:
        return str(default)
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    write_base_image(archive)
    changes = [part for setting in SETTINGS for part in ("--change", setting)]
    imported = docker("import", *changes, archive, BASE)
    archive.unlink()
    assert imported.returncode == 0, imported.stdout
    return BASE


@pytest.fixture(scope="session")
def project(
    bake: Callable[..., Path], engine: dict[str, str], base: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A project whose image is built, with the environments that `make` needs."""
    folder = Path(shutil.copytree(bake() / "model-build", tmp_path_factory.mktemp("container") / "model-build"))
    options = f"--network host --build-arg PYTHON_IMAGE={base}"
    built = run_command(["make", "image", f"IMAGE_OPTIONS={options}", *environments()], cwd=folder, env=engine)
    assert built.returncode == 0, built.stdout[-6000:]
    return folder


def environments() -> list[str]:
    """Where the shared environments of generated projects are, for their Makefile."""
    return [
        f"VENV={os.environ.get('PROJECT_VENV', ROOT / '.venv-project')}",
        f"JOB_VENV={os.environ.get('PROJECT_JOB_VENV', ROOT / '.venv-job')}",
        f"UV={Path(sys.executable).with_name('uv')}",
    ]


@pytest.fixture(scope="session")
def python() -> Path:
    """Interpreter of generated projects' commands."""
    return Path(environments()[0].removeprefix("VENV=")) / "bin" / "python"


@pytest.fixture(scope="session")
def job_python() -> Path:
    """Interpreter with the packages of generated projects' image."""
    return Path(environments()[1].removeprefix("JOB_VENV=")) / "bin" / "python"


@pytest.fixture(scope="session")
def trained(project: Path, engine: dict[str, str], python: Path) -> Path:
    """The project after its whole pipeline ran in the image; the store is at .local/s3."""
    ran = run_command([python, "-m", "model_build", "run", "--container", "--no-cache"], cwd=project, env=engine)
    assert ran.returncode == 0, ran.stdout[-6000:]
    return project
