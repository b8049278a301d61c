"""Projects name things in AWS as DERIVED_NAMES says: the length budgets of the answers rest on it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local_extensions import DERIVED_NAMES, DerivedName

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(os.environ.get("PROJECT_VENV", ROOT / ".venv-project")) / "bin" / "python"
PROGRAM = """
import json
from model_build.pipelines.bindings import how_to_give
from model_build.pipelines.compile import PIPELINES
from model_build.pipelines.image import repository_uri
from model_build.settings import load_settings
settings = load_settings()
slug = settings.project.slug
print(json.dumps({
    **{f"{name} pipeline": settings.pipeline_name(name) for name in PIPELINES},
    "model package group": settings.model_package_group,
    "image repository": repository_uri("111122223333", "eu-west-1", slug).partition("/")[2],
    "parameter": how_to_give("consumer_account_ids", slug).partition("SSM parameter ")[2].partition(",")[0],
}))
"""


def derived(kind: str) -> DerivedName:
    found = [name for name in DERIVED_NAMES if name.kind == kind]
    assert len(found) == 1, f"{kind}: expected one entry of DERIVED_NAMES"
    return found[0]


@pytest.mark.parametrize("slug", ["a", "census-income", "a" * 32])
def test_names_of_a_project_are_the_derived_ones(bake: Callable[..., Path], slug: str) -> None:
    project = bake(project_slug=slug) / "model-build"
    done = subprocess.run([PYTHON, "-B", "-c", PROGRAM], cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    names: dict[str, str] = json.loads(done.stdout)
    assert names == {kind: derived(kind).name(project_slug=slug) for kind in names}
    assert re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", names["image repository"])


def test_make_image_names_the_image_as_its_repository(bake: Callable[..., Path]) -> None:
    project = bake(project_slug="census-income") / "model-build"
    dry = ["make", "-n", "image", f"VENV={PYTHON.parents[1]}", f"UV={ROOT / '.venv' / 'bin' / 'uv'}"]
    shown = subprocess.run(dry, cwd=project, capture_output=True, text=True, check=True).stdout
    assert f"--tag '{derived('image repository').name(project_slug='census-income')}:latest'" in shown
