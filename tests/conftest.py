"""Fixtures that every test folder uses."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from renderer import TargetExistsError, render

Bake = Callable[..., Path]
SHARE_COSTLY_FIXTURES = (
    "tests/catalog/seeder/",
    "tests/catalog/test_catalog_life.py",
    "tests/catalog/",
    "tests/container/",
    "tests/schema/",
    "tests/serving/",
    "tests/rehearsal/test_emulated_aws",
    "tests/rehearsal/test_stacks",
    "tests/infrastructure/test_cloudformation_guard.py",
    "tests/infrastructure/test_cloudformation_validators.py",
    "tests/infrastructure/test_terraform_parity.py",
    "tests/infrastructure/test_terraform_emulated.py",
    "tests/ci/test_ci_runs.py",
)


class ByFixture(LoadScopeScheduling):  # type: ignore[misc]
    """One worker for all tests that share a costly fixture; xdist 3.8 loses its own groups under pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in SHARE_COSTLY_FIXTURES if nodeid.startswith(place)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFixture:
    return ByFixture(config, log)


def _only_project(folder: Path) -> Path | None:
    return next((child for child in folder.glob("[!.]*")), None)


@pytest.fixture(scope="session")
def bake(tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """`bake(ci="github")` stamps a project out once per test run, for all workers; its folder is for reading only."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "bakes"

    def bake(**answers: str) -> Path:
        folder = shared / hashlib.sha256(json.dumps(answers, sort_keys=True).encode()).hexdigest()[:16]
        try:
            return _only_project(folder) or render(answers, folder)
        except TargetExistsError:
            project = _only_project(folder)
            assert project is not None
            return project

    return bake
