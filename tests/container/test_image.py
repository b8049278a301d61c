"""The project's image does SageMaker's jobs and serves: as root and as nobody, on a read-only disk, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine import IMAGE, LOCKED, Docker

pytestmark = [pytest.mark.container, pytest.mark.slow]
USERS = ("0:0", "10001:10001", "65534:65534")


@pytest.mark.usefixtures("project")
def test_image_runs_as_nobody_and_starts_the_entrypoint(docker: Docker) -> None:
    config = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", IMAGE).stdout)
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["python", "-m", "model_build.entrypoint"]
    assert not config.get("Healthcheck")


@pytest.mark.usefixtures("project")
def test_image_has_no_installer_and_no_compiler(docker: Docker) -> None:
    for command in (["python", "-m", "pip", "--version"], ["pip"], ["uv"], ["gcc"]):
        assert docker("run", *LOCKED, "--network", "none", IMAGE, *command).returncode != 0, command


@pytest.mark.usefixtures("project")
def test_image_holds_the_program_and_its_lock_only(docker: Docker) -> None:
    listed = docker("run", *LOCKED, "--network", "none", IMAGE, "ls", "-A", "/opt/program").stdout.split()
    assert sorted(set(listed) - {"docs"}) == ["model_build", "project.toml", "requirements"]


def test_whole_pipeline_in_the_image_registers_a_model(trained: Path) -> None:
    entries = [path.read_text(encoding="utf-8") for path in (trained / ".local" / "registry").rglob("*.json")]
    assert any("PendingManualApproval" in entry for entry in entries)


def only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.rglob(pattern))
    assert len(found) == 1, found
    return found[0]


def open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)


def training_job(trained: Path, ml: Path) -> None:
    """Lays out /opt/ml as SageMaker does for a training job."""
    store = trained / ".local" / "s3"
    for channel in ("train", "validation", "preprocessing"):
        source = next(path for path in store.rglob(f"Preprocess/{channel}") if path.is_dir())
        target = ml / "input" / "data" / channel
        target.mkdir(parents=True)
        for file in source.iterdir():
            (target / file.name).write_bytes(file.read_bytes())
    (ml / "input" / "config").mkdir()
    (ml / "input" / "config" / "hyperparameters.json").write_text('{"rounds": "5", "max_depth": "3"}')
    for folder in ("model", "output"):
        (ml / folder).mkdir()
    open_to_all(ml)


@pytest.mark.parametrize("user", USERS)
def test_train_writes_the_model_where_sagemaker_looks(user: str, trained: Path, docker: Docker, tmp_path: Path) -> None:
    training_job(trained, tmp_path)
    ran = docker("run", *LOCKED, "--network", "none", "--user", user, "--volume", f"{tmp_path}:/opt/ml", IMAGE, "train")
    assert ran.returncode == 0, ran.stdout
    assert {path.name for path in (tmp_path / "model").iterdir()} >= {
        "model.ubj",
        "preprocessing.json",
        "signature.json",
    }
    assert not (tmp_path / "output" / "failure").exists()


def test_failed_training_leaves_its_reason(trained: Path, docker: Docker, tmp_path: Path) -> None:
    training_job(trained, tmp_path)
    (tmp_path / "input" / "config" / "hyperparameters.json").write_text('{"max_depth": "deep"}')
    ran = docker("run", *LOCKED, "--network", "none", "--volume", f"{tmp_path}:/opt/ml", IMAGE, "train")
    assert ran.returncode != 0
    assert "max_depth" in (tmp_path / "output" / "failure").read_text(encoding="utf-8")
