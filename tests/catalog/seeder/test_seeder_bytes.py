"""CreateProject's parameters give the bytes that `sagemaker-mlops new` and bare cookiecutter give."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from tests.catalog.seeder.seeding import SLUG, Surroundings, form, properties
from tests.template.option_sets import PAIRWISE, label

ROOT = Path(__file__).resolve().parents[3]
Bake = Callable[..., Path]
CACHE = ROOT / "build" / f"mypy-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"  # as of tests/template
UV = {"UV": str(ROOT / ".venv" / "bin" / "uv")}
ENVIRONMENTS = {
    "model-build": {
        "VENV": os.environ.get("PROJECT_VENV", str(ROOT / ".venv-project")),
        "JOB_VENV": os.environ.get("PROJECT_JOB_VENV", str(ROOT / ".venv-job")),
        **UV,
    },
    "model-deploy": {"VENV": os.environ.get("PROJECT_DEPLOY_VENV", str(ROOT / ".venv-deploy")), **UV},
}


def pushed(repository: Path) -> dict[str, str]:
    lines = subprocess.run(
        ["git", "-C", str(repository), "ls-tree", "-r", "-z", "main"], check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return {name: entry for entry, _, name in (line.partition("\t") for line in lines if line)}


def stamped_out(folder: Path) -> dict[str, str]:
    """As `git ls-tree` would tell it: modes and digests of the files as they are."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            digest = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            mode = "100755" if path.stat().st_mode & 0o111 else "100644"
            found[path.relative_to(folder).as_posix()] = f"{mode} blob {digest}"
    return found


def bare(folder: Path, answers: dict[str, str]) -> Path:
    own = {"replay_dir": str(folder / ".replay"), "cookiecutters_dir": str(folder / ".cookiecutters")}
    output = str(folder / "bare")
    return Path(cookiecutter(str(ROOT), None, True, answers, output_dir=output, default_config=own))


@pytest.mark.slow
@pytest.mark.parametrize("options", PAIRWISE, ids=label)
def test_every_option_set_is_pushed_as_it_is_stamped_out(
    surroundings: Surroundings, bake: Bake, tmp_path: Path, options: dict[str, str]
) -> None:
    repositories = surroundings.repositories()
    told = surroundings.seed("Create", properties(form(**options)))
    assert told["Status"] == "SUCCESS", told["Reason"]
    for project in (bake(**options), bare(tmp_path, options)):
        assert project.name == SLUG
        assert sorted(path.name for path in project.iterdir()) == sorted(repositories)
        for name, repository in repositories.items():
            assert pushed(repository) == stamped_out(project / name)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), [("model-build", "lint"), ("model-deploy", "test-fast")])
def test_a_clone_passes_its_own_checks(surroundings: Surroundings, tmp_path: Path, name: str, target: str) -> None:
    """The quick half of each; tests/template runs all of them on the same bytes."""
    repositories = surroundings.repositories()
    surroundings.seed("Create", properties(form()))
    clone = tmp_path / name
    subprocess.run(["git", "clone", "--quiet", str(repositories[name]), str(clone)], check=True)
    given = (f"{key}={value}" for key, value in ENVIRONMENTS[name].items())
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MYPY_CACHE_DIR": str(CACHE)}
    done = subprocess.run(
        ["make", "--no-print-directory", target, *given],
        cwd=clone,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert target == "lint" or " passed" in done.stdout, done.stdout[-4000:]
    status = ["git", "-C", str(clone), "status", "--porcelain"]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == ""
