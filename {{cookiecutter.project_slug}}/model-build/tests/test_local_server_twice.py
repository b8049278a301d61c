"""Two `serve --background` at once: one serves, the other says so, and none is left without an owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from local_models import project_with_models
from step_outputs import StepOutputs

from model_build.local import server
from model_build.settings import PROJECT_ROOT

RUN = "from pathlib import Path; from model_build import cli; cli.PROJECT_ROOT = Path({root!r}); cli.main()"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
def test_of_two_started_at_once_one_serves_and_the_other_names_it(tmp_path: Path, steps: StepOutputs) -> None:
    project = project_with_models(tmp_path, steps)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT), "MODEL_BUILD_JOB_PYTHON": sys.executable}
    command = [sys.executable, "-c", RUN.format(root=str(project.root)), "serve"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    starts = [
        subprocess.Popen([*command, "--background", "--port", "0"], env=environment, text=True, **pipes)  # type: ignore[call-overload]
        for _ in range(2)
    ]
    try:
        told = [start.communicate(timeout=120) for start in starts]
        running = server.background(project.root / ".local" / "server.json")
        assert running
        assert sorted(start.returncode for start in starts) == [0, 1]
        (refusal,) = [err for _, err in told if err]
        assert refusal.startswith(f"error: version 1 is served at {running.url}; end it with ")
        assert servers_of(project.root) == [running.pid]
    finally:
        subprocess.run([*command, "--stop"], env=environment, capture_output=True, check=False)
        left = servers_of(project.root)
        for group in left:
            os.killpg(group, signal.SIGTERM)
    assert left == []


def servers_of(root: Path) -> list[int]:
    """Process groups of servers that were started for the project at `root`."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and is_server(folder, root):
            found.add(os.getpgid(int(folder.name)))
    return sorted(found)


def is_server(process: Path, root: Path) -> bool:
    try:
        command, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
    except OSError:
        return False
    return b"model_build" in command and f"SM_MODEL_DIR={root}/".encode() in environment
