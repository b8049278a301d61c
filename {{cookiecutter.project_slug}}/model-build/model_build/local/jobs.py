"""What all jobs share: a folder that stands for /opt/ml, an environment, a process and its log."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from model_build.local.container import Container
from model_build.local.processes import Processes, Stopped, TimedOut
from model_build.local.store import Store

ML_ROOT = "/opt/ml"
_ML_PREFIX = re.compile(r"(?<![\w./-])/opt/ml(?![\w.-])")
_KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS")


class JobFailed(Exception):
    """A job that ended badly; the message is one line, the log has the rest."""


@dataclasses.dataclass(frozen=True)
class JobEnvironment:
    """What jobs of a project need.

    `training_command` are the interpreter's arguments that do what the image's entrypoint does with `train`.
    `fingerprint` changes when the project's code or its libraries change. With a `container`, jobs run in its image.
    """

    python: Path
    project: Path
    training_command: tuple[str, ...] = ("-m", "model_build.entrypoint", "train")
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fingerprint: str = ""
    container: Container | None = None


@dataclasses.dataclass(frozen=True)
class JobResult:
    """What a job leaves: its properties as the Describe call would tell them, and the URIs of its outputs."""

    properties: dict[str, Any]
    outputs: list[str]


@dataclasses.dataclass(frozen=True)
class Job:
    """A job's name, folder and share of the processor. `ml` stands for /opt/ml; it is removed after a success."""

    name: str
    folder: Path
    threads: int

    @property
    def ml(self) -> Path:
        return self.folder / "ml"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def local(self, path: str) -> Path:
        """The place of a container path in this job's folder.

        Raises:
            JobFailed: the path is not below /opt/ml.
        """
        pure = PurePosixPath(path)
        if not pure.is_relative_to(ML_ROOT) or ".." in pure.parts:
            raise JobFailed(f"local path {path} is not below {ML_ROOT}")
        return self.ml / pure.relative_to(ML_ROOT)

    def message(self, path: str) -> str:
        """The text a job left in a file such as /opt/ml/output/failure, empty if it left none."""
        file = self.local(path)
        return file.read_text(encoding="utf-8", errors="replace").strip()[:1024] if file.is_file() else ""


class Machine:
    """Runs jobs: the store they read and write, the project's environment, and their processes."""

    def __init__(self, store: Store, environment: JobEnvironment, processes: Processes) -> None:
        self.store = store
        self.environment = environment
        self.processes = processes

    def execute(
        self,
        job: Job,
        entrypoint: Sequence[str],
        arguments: Sequence[str],
        variables: Mapping[str, str],
        limit: float | None,
    ) -> int:
        """Runs a job's command and returns its exit code; an empty entrypoint stands for that of the image.

        Raises:
            JobFailed: it can't be started, or ran longer than `limit` seconds.
            Stopped: the execution stops.
        """
        container = self.environment.container
        for folder in (job.ml, job.folder / "home", job.folder / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)
        if container:
            container.hand_over(job.ml)
            own = {**_thread_variables(job.threads), **variables}
            inside = [*entrypoint, *arguments] if entrypoint else ["train"]
            command = container.command(job.name, job.ml, inside, own, bool(entrypoint))
            environment = dict(os.environ)
        else:
            command = self._local_command(job, entrypoint, arguments)
            environment = self._local_environment(job, variables)
        try:
            return self.processes.run(command, environment, job.ml, job.log, limit)
        except (TimedOut, Stopped) as error:
            if container:
                container.remove(job.name)
            if isinstance(error, Stopped):
                raise
            raise JobFailed(str(error)) from error
        except OSError as error:
            raise JobFailed(f"{command[0]} can't be started: {error.strerror}") from error

    def _local_command(self, job: Job, entrypoint: Sequence[str], arguments: Sequence[str]) -> list[str]:
        python = str(self.environment.python)
        if not entrypoint:
            return [python, *self.environment.training_command]
        first = python if entrypoint[0] in ("python", "python3") else entrypoint[0]
        return [first, *(_relocated(text, job.ml) for text in (*entrypoint[1:], *arguments))]

    def _local_environment(self, job: Job, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        home, temporary = str(job.folder / "home"), str(job.folder / "tmp")
        return {
            **kept,
            "PATH": os.pathsep.join([str(self.environment.python.parent), kept.get("PATH", os.defpath)]),
            "HOME": home,
            "USERPROFILE": home,
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(self.environment.project),
            "PYTHONUNBUFFERED": "1",
            "SM_ML_ROOT": str(job.ml),
            **_thread_variables(job.threads),
            **self.environment.variables,
            **{name: _relocated(value, job.ml) for name, value in variables.items()},
        }


def discard(job: Job) -> None:
    """Removes what a successful job no longer needs; its log stays."""
    for folder in (job.ml, job.folder / "home", job.folder / "tmp"):
        shutil.rmtree(folder, ignore_errors=True)


def processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def seconds_allowed(request: Mapping[str, Any]) -> float | None:
    """The request's time limit in seconds, None for no limit."""
    limit = request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
    return float(limit) if limit else None


def _thread_variables(threads: int) -> dict[str, str]:
    """Threads that fit the job's share; PASSIVE, as threads that spin while they wait starve each other on a laptop."""
    return {**dict.fromkeys(_THREAD_VARIABLES, str(threads)), "OMP_WAIT_POLICY": "PASSIVE"}


def _relocated(text: str, root: Path) -> str:
    return _ML_PREFIX.sub(lambda _: str(root), text)
