"""What the project's image does with its arguments: `train` and `serve` as SageMaker calls them, all else as given.

The contracts are "How Amazon SageMaker AI runs your training image" and "Custom inference code with hosting
services" in its developer guide. `SM_ML_ROOT` stands for /opt/ml, so that the same jobs run outside a container.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from model_build.serving.limits import LimitError, payload_mb, worker_processes

CHANNELS = ("train", "validation", "preprocessing")
FAILURE_LENGTH = 1024
DEFAULT_PORT = 8080
GRACEFUL_SECONDS = "25"  # SageMaker kills a container 30 s after SIGTERM
KEEP_ALIVE_SECONDS = "75"  # longer than a caller's own, so that it never writes to a closed connection
BAD_USAGE, NOT_EXECUTABLE, NOT_FOUND = 2, 126, 127


class EntrypointError(Exception):
    """One line: what the caller gave and what would be accepted."""


def ml_root() -> Path:
    """The folder SageMaker mounts: /opt/ml, or SM_ML_ROOT where that is set."""
    return Path(os.environ.get("SM_ML_ROOT") or "/opt/ml")


def read_hyperparameters(root: Path) -> dict[str, str]:
    """Hyperparameters of the job by name; those SageMaker and its SDK add for themselves are left out.

    Raises:
        EntrypointError: the file is no JSON object of text values.
    """
    path = root / "input" / "config" / "hyperparameters.json"
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EntrypointError(f"{path}: {error}; expected JSON") from error
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise EntrypointError(f"{path}: expected an object of text values, one per hyperparameter")
    return {name: _unquoted(value) for name, value in content.items() if not name.startswith(("sagemaker_", "_"))}


def _unquoted(value: str) -> str:
    """The SDK's script mode sends text as JSON text, with quotes of its own."""
    return str(json.loads(value)) if len(value) > 1 and value[0] == value[-1] == '"' else value


def training_arguments(root: Path) -> list[str]:
    """Arguments of the train step for a job whose /opt/ml is `root`.

    Raises:
        EntrypointError: a channel or the hyperparameters can't be read.
    """
    arguments = []
    for channel in CHANNELS:
        folder = root / "input" / "data" / channel
        if not folder.is_dir():
            raise EntrypointError(f"channel {channel!r} is missing: no folder {folder}; expected {', '.join(CHANNELS)}")
        arguments += [f"--{channel}", str(folder)]
    outputs = {"model": root / "model", "output": root / "output" / "data", "checkpoint": root / "checkpoints"}
    for name, folder in outputs.items():
        folder.mkdir(parents=True, exist_ok=True)
        arguments += [f"--{name}-dir", str(folder)]
    return arguments + [part for name, value in read_hyperparameters(root).items() for part in (f"--{name}", value)]


def train(root: Path) -> int:
    """Run the train step; on failure leave its last line in output/failure, where SageMaker reads FailureReason."""
    try:
        code, last_line = _run_step("train", training_arguments(root))
    except (EntrypointError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        code, last_line = BAD_USAGE, f"train: {error}"
    if code:
        _write_failure(root, last_line or f"the train step ended with exit code {code} and said nothing")
    return code


def _run_step(step: str, arguments: Sequence[str]) -> tuple[int, str]:
    command = [sys.executable, "-m", f"model_build.steps.{step}", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace") as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        last_line = ""
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            last_line = line.strip() or last_line
        code = process.wait()
    if code < 0:
        name = signal.Signals(-code).name
        return 128 - code, f"{step}: ended by {name}" + (": most likely out of memory" if name == "SIGKILL" else "")
    return code, last_line


def _write_failure(root: Path, reason: str) -> None:
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "output" / "failure").write_text(reason[:FAILURE_LENGTH] + "\n", encoding="utf-8")


def serving_port() -> int:
    """Port of the server: 8080, or the one SageMaker names in SAGEMAKER_BIND_TO_PORT.

    Raises:
        EntrypointError: that is no port.
    """
    text = os.environ.get("SAGEMAKER_BIND_TO_PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise EntrypointError(f"SAGEMAKER_BIND_TO_PORT = {text!r}; expected a port from 1 to 65535")
    return int(text)


def serve(root: Path) -> NoReturn:
    """Serve the model in model/ of `root` until SIGTERM, which ends no request that has begun.

    WEB_CONCURRENCY gives the number of processes, SERVING_MAX_PAYLOAD_MB the largest body, SERVING_HOST the address.

    Raises:
        EntrypointError: the port or a limit is none.
    """
    try:
        worker_processes()
        payload_mb()
    except LimitError as error:
        raise EntrypointError(str(error)) from error
    os.environ["SM_MODEL_DIR"] = os.environ.get("SM_MODEL_DIR") or str(root / "model")
    address = ["--host", os.environ.get("SERVING_HOST") or "0.0.0.0", "--port", str(serving_port())]
    patience = ["--timeout-graceful-shutdown", GRACEFUL_SECONDS, "--timeout-keep-alive", KEEP_ALIVE_SECONDS]
    quiet = ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning"]
    server = [sys.executable, "-m", "uvicorn", "--factory", "model_build.serving.app:served_app"]
    execute([*server, *address, *patience, *quiet])


def execute(command: Sequence[str]) -> NoReturn:
    """Become `command`; no shell reads it, so signals and arguments arrive as they were sent."""
    try:
        os.execvp(command[0], list(command))
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def main(argv: Sequence[str]) -> int:
    try:
        match list(argv):
            case []:
                raise EntrypointError("no command given; expected train, serve or a command to run")
            case ["train"]:
                return train(ml_root())
            case ["serve"]:
                serve(ml_root())
            case ["train" | "serve" as mode, extra, *_]:
                raise EntrypointError(f"{mode} takes no arguments, got {extra!r}")
            case command:
                execute(command)
    except EntrypointError as error:
        print(f"entrypoint: {error}", file=sys.stderr)
        return BAD_USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
