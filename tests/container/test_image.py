"""The project's image does SageMaker's jobs and serves: as root and as nobody, on a read-only disk, offline."""

from __future__ import annotations

import json
import os
import socket
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from engine import IMAGE, Docker

pytestmark = [pytest.mark.container, pytest.mark.slow]
LOCKED = ("--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
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


@contextmanager
def served(docker: Docker, model: Path, user: str) -> Iterator[str]:
    """Address of a server in the image, which ends at once when it is asked to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    name = f"{IMAGE}-serve-{os.getpid()}-{user.partition(':')[0]}"
    place = ["--network", "host", "--env", f"SAGEMAKER_BIND_TO_PORT={port}", "--volume", f"{model}:/opt/ml/model:ro"]
    started = docker("run", *LOCKED, "--detach", "--name", name, "--user", user, *place, IMAGE, "serve")
    assert started.returncode == 0, started.stdout
    try:
        yield f"http://127.0.0.1:{port}"
        before = time.monotonic()
        docker("stop", "--time", "20", name)
        assert time.monotonic() - before < 10
    finally:
        docker("rm", "--force", name)


def ask(address: str, **options: object) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, **options), timeout=20) as answer:  # type: ignore[arg-type]  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert ask(f"{address}/ping")[0] == 200
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer /ping"
            time.sleep(0.2)


@pytest.mark.parametrize("user", USERS[:2])
def test_serve_answers_ping_and_invocations(user: str, trained: Path, docker: Docker, tmp_path: Path) -> None:
    with tarfile.open(next((trained / ".local" / "s3").rglob("Package/*/model.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    tmp_path.chmod(0o755)
    signature = json.loads((tmp_path / "signature.json").read_text(encoding="utf-8"))
    row = {feature["name"]: feature.get("categories", [1])[0] for feature in signature["features"]}
    with served(docker, tmp_path, user) as address:
        wait_until_ready(address)
        body = json.dumps({"instances": [row, dict.fromkeys(row)]}).encode()
        headers = {"Content-Type": "application/json"}
        status, answer = ask(f"{address}/invocations", data=body, headers=headers)
        assert status == 200, answer
        predictions = json.loads(answer)["predictions"]
        assert [prediction["prediction"] in signature["classes"] for prediction in predictions] == [True, True]
        assert all(0 <= prediction["score"] <= 1 for prediction in predictions)
        status, answer = ask(f"{address}/invocations", data=b"1,2\n", headers={"Content-Type": "text/csv"})
        assert (status, b"row 1 has 2 values" in answer) == (400, True)
