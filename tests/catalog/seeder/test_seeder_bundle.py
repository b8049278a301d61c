"""The bundle of the template is the same bytes wherever it is made, and holds exactly what git holds."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from renderer.template import version
from service_catalog.seeder.bundle import bundle

ROOT = Path(__file__).resolve().parents[3]
PROJECT = "{{cookiecutter.project_slug}}"
DIGEST_OF_ANOTHER = "from service_catalog.seeder.bundle import bundle; print(bundle().sha256)"


def names() -> list[str]:
    return zipfile.ZipFile(io.BytesIO(bundle().content)).namelist()


def test_the_key_names_version_and_digest() -> None:
    made = bundle()
    assert made.sha256 == hashlib.sha256(made.content).hexdigest()
    assert made.key == f"bundles/{version()}/{made.sha256}.zip"


def test_the_bundle_holds_what_git_holds() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", PROJECT, "hooks", "cookiecutter.json", "local_extensions.py"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    assert set(names()) == {name for name in listed if name}


def test_no_file_of_the_template_needs_to_be_executable() -> None:
    """The bundle keeps no modes, so one that did would come out differently."""
    assert [name for name in names() if os.access(ROOT / name, os.X_OK)] == []


@pytest.mark.slow
def test_caches_other_dates_and_modes_change_nothing(tmp_path: Path) -> None:
    for name in ("renderer", "service_catalog", "hooks", PROJECT):
        shutil.copytree(ROOT / name, tmp_path / name, copy_function=shutil.copyfile)
    for name in ("cookiecutter.json", "local_extensions.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    for cache in ("__pycache__/x.pyc", "model-build/.ruff_cache/0", ".venv-job/x"):
        (tmp_path / PROJECT / cache).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / PROJECT / cache).write_text("x")
    (tmp_path / "cookiecutter.json").chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-c", DIGEST_OF_ANOTHER], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == bundle().sha256
