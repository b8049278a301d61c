"""The environments of a generated project hold the same version of whatever both hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2] / "{{cookiecutter.project_slug}}"
BUILD, DEPLOY = (PROJECT / repository / "requirements" for repository in ("model-build", "model-deploy"))
LOCKS = [*(BUILD / name for name in ("job", "dev", "uv")), *(DEPLOY / name for name in ("deploy", "dev", "uv"))]


def locked(lock: Path) -> dict[str, str]:
    text = lock.with_suffix(".txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize(("used", "tested", "least"), [("job", BUILD, 30), ("deploy", DEPLOY, 10)])
def test_what_runs_is_what_is_tested(used: str, tested: Path, least: int) -> None:
    running, dev = locked(tested / used), locked(tested / "dev")
    assert len(running) > least
    assert {name: (version, dev.get(name)) for name, version in running.items() if dev.get(name) != version} == {}


def test_both_repositories_talk_to_aws_with_the_same_client() -> None:
    assert locked(BUILD / "dev")["boto3"] == locked(DEPLOY / "deploy")["boto3"]


def test_the_image_has_neither_sdk_nor_what_only_a_laptop_needs() -> None:
    laptop_only = {"sagemaker", "boto3", "pandas", "typer", "rich", "pytest", "mypy", "pip", "uv"}
    assert locked(BUILD / "job").keys() & laptop_only == set()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parents[1].name}-{lock.name}")
def test_every_locked_package_has_hashes_and_no_address(lock: Path) -> None:
    text = lock.with_suffix(".txt").read_text(encoding="utf-8")
    packages = [block for block in re.split(r"\n(?=[a-z0-9])", text) if "==" in block.split("\n")[0]]
    assert [block.split()[0] for block in packages if "--hash=sha256:" not in block] == []
    assert "://" not in text
    assert "find-links" not in text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: f"{lock.parents[1].name}-{lock.name}")
def test_direct_requirements_are_pinned_and_in_the_lock(lock: Path) -> None:
    lines = lock.with_suffix(".in").read_text(encoding="utf-8").splitlines()
    for line in (line for line in lines if line and not line.startswith(("#", "-r"))):
        wanted = re.fullmatch(r"([a-z0-9-]+)(\[[a-z0-9,-]+\])?==([^\s;]+)( ;.*)?", line)
        assert wanted, f"{lock.name}.in: {line!r} is not pinned"
        assert locked(lock)[wanted[1]] == wanted[3]
