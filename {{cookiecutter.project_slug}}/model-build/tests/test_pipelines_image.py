"""The image's tag stands for what is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_build.pipelines.image import image_tag, image_uri
from model_build.settings import load_settings


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "model_build" / "__pycache__").mkdir(parents=True)
    (tmp_path / "Dockerfile").write_bytes(b"FROM scratch\nCOPY . .\n")
    (tmp_path / "model_build" / "train.py").write_bytes(b"print(1)\n")
    return tmp_path


@pytest.mark.parametrize("name", ["model_build/train.py", "model_build/new.html", "Dockerfile", "project.toml"])
def test_a_change_of_a_source_changes_the_tag(project: Path, name: str) -> None:
    before = image_tag(project)
    (project / name).write_text("changed\n")
    assert image_tag(project) != before


@pytest.mark.parametrize("name", ["README.md", "model_build/__pycache__/train.pyc", "bindings.local.toml"])
def test_what_is_not_in_the_image_leaves_the_tag_alone(project: Path, name: str) -> None:
    before = image_tag(project)
    (project / name).write_text("changed\n")
    assert image_tag(project) == before


def test_line_ends_of_the_checkout_do_not_matter(project: Path) -> None:
    before = image_tag(project)
    (project / "Dockerfile").write_bytes(b"FROM scratch\r\nCOPY . .\r\n")
    assert image_tag(project) == before


def test_a_renamed_file_changes_the_tag(project: Path) -> None:
    before = image_tag(project)
    (project / "model_build" / "train.py").rename(project / "model_build" / "fit.py")
    assert image_tag(project) != before


def test_uri_is_the_projects_repository_with_the_content_tag(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_REGION", "cn-north-1")
    monkeypatch.setenv("MLOPS_ACCOUNT_ID", "111122223333")
    settings = load_settings()
    repository = f"111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/{settings.project.slug}-model-build"
    assert image_uri(settings, project) == f"{repository}:{image_tag(project)}"
