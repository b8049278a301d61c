"""An emulated account, a real model in it, and the command line of a stamped-out project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.serving_model import PackagedModel
from tests.deploy.account import Account, Project, prepared
from tests.emulated import emulated_aws

ROOT = Path(__file__).resolve().parents[2]
JOB_PYTHON = Path(os.environ.get("PROJECT_JOB_VENV", ROOT / ".venv-job")) / "bin" / "python"
Bake = Callable[..., Path]


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> PackagedModel:
    return PackagedModel(tmp_path_factory.mktemp("deployed"), str(JOB_PYTHON), rounds=30)


@pytest.fixture
def account(model: PackagedModel, request: pytest.FixtureRequest) -> Iterator[Account]:
    """An account of its own for each test; its parameter is how many seconds an endpoint takes to change."""
    seconds = str(getattr(request, "param", 0.05))
    serve = f"{JOB_PYTHON} -m model_build.entrypoint serve"
    command = f"cd {model.project} && PYTHONPATH=. SERVING_HOST=127.0.0.1 {serve}"
    times = ("--transition-seconds", seconds, "--bake-seconds", "0.3")
    with emulated_aws(*times, images=[("model-build", command)]) as aws:
        yield prepared(aws, model.outputs / "package")


@pytest.fixture
def project(bake: Bake, account: Account, tmp_path: Path) -> Callable[..., Project]:
    """`project(inference="async")` is a stamped-out copy whose command line works in the account."""

    def stamp(**answers: str) -> Project:
        return Project.copied(bake(**answers) / "model-deploy", tmp_path, account)

    return stamp
