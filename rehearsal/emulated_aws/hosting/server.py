"""One model server: a command of this machine in place of a container of the image.

AWS: `docker run <image> serve`, model files in /opt/ml/model, GET /ping and POST /invocations on port 8080.
Simplified: a process of the same user without isolation; the model folder is given as SM_MODEL_DIR, the port as
SAGEMAKER_BIND_TO_PORT; /ping must answer within the emulator's own limit (AWS: 8 minutes by default).
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rehearsal.emulated_aws import context
from rehearsal.emulated_aws.client import client_environment
from rehearsal.emulated_aws.hosting.guardian import Guardian
from rehearsal.emulated_aws.settings import SETTINGS

GUARDIAN: list[Guardian] = []
INVOCATION_TIMEOUT_SECONDS = 60  # InvokeEndpoint: "model containers must respond to requests within 60 seconds"


class ServerError(Exception):
    """The model server cannot be started; the text is the endpoint's FailureReason."""


@dataclass(frozen=True)
class Container:
    image: str
    model_data_url: str
    environment: dict[str, str]
    role: str


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fetch(url: str, role: str, folder: Path) -> None:
    parts = urlsplit(url)
    archive = folder / "model.tar.gz"
    try:
        (context.client_of_role("s3", role) if role else context.client("s3")).download_file(
            parts.netloc, parts.path.lstrip("/"), str(archive)
        )
        with tarfile.open(archive) as packed:
            packed.extractall(folder / "model", filter="data")
    except Exception as fault:
        raise ServerError(f"Failed to download model data from {url}: {fault}") from fault
    archive.unlink()


class ModelServer:
    """A running process; `start` raises ServerError with the last line the process wrote."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.folder = SETTINGS.scratch / "hosting" / uuid.uuid4().hex
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = SETTINGS.command_for(self.container.image)
        if command is None:
            raise ServerError(f"no command is registered for the image {self.container.image} (--image)")
        (self.folder / "model").mkdir(parents=True)
        try:
            if self.container.model_data_url:
                _fetch(self.container.model_data_url, self.container.role, self.folder)
            self._launch(command)
            self._wait_for_ping()
        except ServerError:
            self.stop()
            raise

    def _launch(self, command: str) -> None:
        base = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        environment = client_environment(context.ENDPOINT, context.account(), context.region(), base=base)
        environment |= self.container.environment | {
            "HOME": str(self.folder),
            "SM_MODEL_DIR": str(self.folder / "model"),
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
        }
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S602 the command is the user's own, from the command line
                command,
                shell=True,
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        for guardian in GUARDIAN:
            guardian.tell("run", self._process.pid)

    def last_line(self) -> str:
        lines = (self.folder / "log").read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "the process wrote nothing")

    def _wait_for_ping(self) -> None:
        assert self._process is not None  # noqa: S101
        deadline = time.monotonic() + SETTINGS.ping_timeout_seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ServerError(f"The container exited with code {self._process.returncode}: {self.last_line()}")
            with suppress(OSError, http.client.HTTPException):
                if self._send("GET", "/ping", {}, b"", 2).status == 200:
                    return
            time.sleep(0.03)
        raise ServerError(f"The container did not pass the ping health check: {self.last_line()}")

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes, timeout: float) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def invoke(self, headers: dict[str, str], body: bytes, timeout: float = INVOCATION_TIMEOUT_SECONDS) -> Reply:
        """Raises OSError or HTTPException when the process does not answer."""
        return self._send("POST", "/invocations", headers, body, timeout)

    def stop(self) -> None:
        if self._process is not None:
            for signal_number in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal_number)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(5)
            for guardian in GUARDIAN:
                guardian.tell("end", self._process.pid)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)
