"""Fixtures that every test folder uses."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from renderer import TargetExistsError, render

Bake = Callable[..., Path]


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
