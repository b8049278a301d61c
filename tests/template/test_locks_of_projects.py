"""The two environments of a generated project hold the same version of whatever both hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}" / "model-build"
REQUIREMENTS = PROJECT / "requirements"


def locked(name: str) -> dict[str, str]:
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_the_image_holds_the_versions_that_are_tested() -> None:
    job, dev = locked("job"), locked("dev")
    assert len(job) > 30
    assert {name: (version, dev.get(name)) for name, version in job.items() if dev.get(name) != version} == {}


def test_the_image_has_neither_sdk_nor_what_only_a_laptop_needs() -> None:
    assert (
        locked("job").keys() & {"sagemaker", "boto3", "pandas", "typer", "rich", "pytest", "mypy", "pip", "uv"} == set()
    )


@pytest.mark.parametrize("name", ["job", "dev", "uv"])
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    packages = [block for block in re.split(r"\n(?=[a-z0-9])", text) if "==" in block.split("\n")[0]]
    assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []
    assert "://" not in text
    assert "find-links" not in text


@pytest.mark.parametrize("name", ["job", "dev", "uv"])
def test_direct_requirements_are_pinned_and_in_the_lock(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.in").read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith(("#", "-r"))):
        wanted = re.fullmatch(r"([a-z0-9-]+)(\[[a-z0-9,]+\])?==([^\s;]+)( ;.*)?", line)
        assert wanted, f"{name}.in: {line!r} is not pinned"
        assert locked(name)[wanted[1]] == wanted[3]
