from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.serving_model import PackagedModel

ROOT = Path(__file__).resolve().parents[2]
JOB_PYTHON = Path(os.environ.get("PROJECT_JOB_VENV", ROOT / ".venv-job")) / "bin" / "python"
PROJECT_PYTHON = Path(os.environ.get("PROJECT_VENV", ROOT / ".venv-project")) / "bin" / "python"


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> PackagedModel:
    model = PackagedModel(tmp_path_factory.mktemp("serving"), str(JOB_PYTHON), rounds=60)
    model.rows(1000)
    return model


@pytest.fixture(scope="session")
def project_python() -> Path:
    """An interpreter that has the project's packages and hypothesis."""
    return PROJECT_PYTHON


class Server:
    def __init__(self, model: PackagedModel) -> None:
        with closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [model.job_python, "-m", "model_build.entrypoint", "serve"]
        self.log = model.folder.parent / "server.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=model.environment(self.port), stdout=log, stderr=log)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=10) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def resident_megabytes(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.fixture
def server(packaged: PackagedModel) -> Iterator[Server]:
    """The packaged model's server, a process of its own."""
    running = Server(packaged)
    while not running.answers():
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.05)
    yield running
    running.process.terminate()
    running.process.wait(30)
