"""The tool as a package: one version, locked and hashed requirements, a wheel that carries the template."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from renderer.template import version

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / "requirements" / lock).read_text(encoding="utf-8")))


def test_the_templates_version_is_that_of_the_package_and_in_the_changelog() -> None:
    assert version() == PROJECT["project"]["version"]
    assert f"## {version()}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hash_every_package_and_name_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|file:|--index-url|--find-links|/(?:work|root)/", text)


def test_locks_agree_with_each_other() -> None:
    tool, dev, bench = pins("tool.txt"), pins("dev.txt"), pins("bench.txt")
    assert tool.items() <= dev.items()
    assert {name: bench[name] for name in bench.keys() & dev.keys()} == {
        name: dev[name] for name in bench.keys() & dev.keys()
    }


def test_pre_commit_pins_equal_the_lock_and_all_hooks_are_local() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in configuration["repos"]] == ["local"]
    locked = pins("dev.txt")
    for hook in configuration["repos"][0]["hooks"]:
        assert hook["language"] == "python"
        for requirement in hook["additional_dependencies"]:
            name, _, pinned = requirement.partition("==")
            assert pinned == locked[name], f"{hook['id']}: {requirement}, but the lock has {locked[name]}"


@pytest.mark.slow
def test_pre_commit_passes_on_the_whole_repository() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_template_folder_holds_nothing_that_git_ignores() -> None:
    """Caches of tools run inside the template would be stamped into projects, or crash the rendering."""
    ignored = subprocess.run(
        ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "--", str(TEMPLATE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert ignored == [], "remove these"


def test_the_hook_is_short_and_removes_only_empty_folders(tmp_path: Path) -> None:
    hook = ROOT / "hooks" / "post_gen_project.py"
    assert len(hook.read_text(encoding="utf-8").splitlines()) < 20
    assert [path.name for path in (ROOT / "hooks").iterdir() if path.suffix == ".py"] == [hook.name]
    for folder in ("full", "empty/deeper", ".git/refs", "mixed/empty"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "full" / "file").touch()
    (tmp_path / "mixed" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / ".git" / "refs")
    subprocess.run([sys.executable, str(hook)], cwd=tmp_path, check=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"full", "full/file", "mixed", "mixed/file", ".git", ".git/refs", "link"}


@pytest.mark.slow
def test_the_wheel_carries_the_template_and_gives_the_same_bytes(bake: Callable[..., Path], tmp_path: Path) -> None:
    """Built as `pip install .` and `uvx --from .` build it, through a source distribution, installed from the lock."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "tool.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    subprocess.run(
        [str(environment / "bin" / "sagemaker-mlops"), "new", "--no-input", "-o", str(tmp_path), "ci=github"],
        check=True,
        cwd=tmp_path,
        env={"HOME": str(tmp_path / "home"), "PATH": os.defpath},
    )
    ours, theirs = tmp_path / "census-income", bake(ci="github")
    names = {path.relative_to(theirs) for path in theirs.rglob("*")}
    assert {path.relative_to(ours) for path in ours.rglob("*")} == names
    for name in names:
        if (theirs / name).is_file():
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
            assert (ours / name).stat().st_mode & 0o111 == (theirs / name).stat().st_mode & 0o111, name
    site_packages = next((environment / "lib").glob("python*/site-packages"))
    assert not list(site_packages.glob("local_extensions*")), "other templates have one of that name"
