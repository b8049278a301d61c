"""Small templates that fail on purpose, and what a folder looks like."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from renderer.template import TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "{{cookiecutter.project_slug}}"

MakeTemplate = Callable[[dict[str, str]], Path]


@pytest.fixture
def checkout_with(tmp_path: Path) -> MakeTemplate:
    """`checkout_with({"a.txt": "text"})` makes a checkout whose template has only these files; returns its folder."""

    def make(files: dict[str, str]) -> Path:
        checkout = tmp_path / "checkout"
        shutil.copytree(ROOT / "renderer", checkout / "renderer", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("cookiecutter.json", "local_extensions.py"):
            shutil.copy(TEMPLATE / name, checkout / name)
        for name, text in files.items():
            path = checkout / PROJECT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return checkout

    return make


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    folder.mkdir()
    return folder
